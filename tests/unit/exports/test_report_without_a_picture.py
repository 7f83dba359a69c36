"""A report whose still cannot be read has a crossed-out picture in its place."""

import io

import numpy as np
import pytest
from PIL import Image

from appliance.domain.errors import NotKeptError, StoreError
from appliance.exports.report.report_service import ReportService
from tests.support.report_exams import exam_now, report_service


def damaged(exam_image: str, service: ReportService) -> ReportService:
    kept = service._sources.png

    def png(exam_id: str, image_id: str) -> bytes:
        if image_id == exam_image:
            raise StoreError("refused the image: its digest is not the recorded one")
        return kept(exam_id, image_id)

    object.__setattr__(service._sources, "png", png)
    return service


def test_the_report_is_made_and_the_others_stay_as_they_are() -> None:
    reviewed = exam_now()
    exam_id = reviewed.exam.exam_id
    first, second = (one.image.image_id for one in reviewed.images[:2])
    service = damaged(first, report_service(reviewed))

    whole = np.asarray(Image.open(io.BytesIO(service.picture(exam_id, second, False, 400))))
    crossed = np.asarray(Image.open(io.BytesIO(service.picture(exam_id, first, False, 400))))
    assert crossed.shape == whole.shape
    height, width = crossed.shape[:2]
    red_on_the_cross = crossed[height // 2 - 3 : height // 2 + 3, width // 2 - 3 : width // 2 + 3].astype(int)
    assert (red_on_the_cross[..., 0] - red_on_the_cross[..., 1]).max() > 60
    assert np.ptp(crossed[height // 4, width // 2]) < 15, "and grey beside it"

    pages = service._carried(service.material(exam_id, service.folder.form()))
    assert pages(first, True, 400) != pages(second, True, 400)
    assert pages(first, True, 400).startswith("data:image/jpeg;base64,")


def test_an_image_that_was_never_there_is_no_missing_one() -> None:
    with pytest.raises(NotKeptError):
        report_service(exam_now()).picture(exam_now().exam.exam_id, "0190a1b2-0000-7000-8000-0000000000ff", True, 400)
