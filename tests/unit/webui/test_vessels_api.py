"""The layer "Vessels" of the review, as the page asks for it."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain.errors import InferenceError
from tests.support.accounts import OPERATOR
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.support.review_exam import UM_PER_PX, finished_exam


class Band:
    """Takes a band of every still for vessel, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], float | None, int]] = []

    def __call__(
        self, image_rgb: NDArray[np.uint8], um_per_px: float | None, loop_widths_px: Sequence[float]
    ) -> NDArray[np.float32]:
        self.asked.append((image_rgb.shape, um_per_px, len(loop_widths_px)))
        chance = np.zeros(image_rgb.shape[:2], np.float32)
        chance[100:200, 50:70] = 1.0
        return chance


def test_outlines_are_computed_once_a_still_with_what_is_known_of_it() -> None:
    find = Band()
    station = PageStation(find_vessels=find)
    exam = finished_exam(station.store)
    client = log_in(station.app.test_client(), OPERATOR)
    page = f"/exams/{exam.exam_id}/images/{exam.images[0].image_id}"
    address = f"/api/v1{page}/vessels"
    assert 'data-command="vessels"' in client.get(f"{page}/review").get_data(as_text=True)
    for _ in range(2):
        (line,) = client.get(address).get_json()["outlines"]
        assert np.ptp(np.array(line), axis=0) == pytest.approx((20, 100), abs=2)
    assert find.asked == [((480, 640, 3), UM_PER_PX, 7)]


def test_without_a_network_there_is_no_layer() -> None:
    station = PageStation()
    exam = finished_exam(station.store)
    client = log_in(station.app.test_client(), OPERATOR)
    page = f"/exams/{exam.exam_id}/images/{exam.images[0].image_id}"
    address = f"/api/v1{page}/vessels"
    assert 'data-command="vessels"' not in client.get(f"{page}/review").get_data(as_text=True)
    assert client.get(address).status_code == 404


def test_a_network_that_is_refused_says_why() -> None:
    def refuse(*_: object) -> NDArray[np.float32]:
        raise InferenceError("the vessels weights are others", "Install the software again.")

    station = PageStation(find_vessels=refuse)
    exam = finished_exam(station.store)
    client = log_in(station.app.test_client(), OPERATOR)
    answer = client.get(f"/api/v1/exams/{exam.exam_id}/images/{exam.images[0].image_id}/vessels")
    assert answer.status_code >= 400
    assert answer.get_json()["error"]["remedy"] == "Install the software again."
