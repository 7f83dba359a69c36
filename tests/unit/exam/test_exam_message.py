"""The message of a finished exam."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance import schemas
from appliance.analysis.recorded_analysis import document_of, record_analysis, recorded_from_document
from appliance.domain.errors import ExportError
from appliance.domain.exam import CapturedImage, Exam, ExamState, Finger, Hand, Sector
from appliance.domain.review import unreviewed
from appliance.exam.finger_totals import finger_totals
from appliance.exam.message import BoxAddress, build_exam_message
from tests.support.exam_parts import NOON, shown_frame

ID = "01a2047c-3a12-75d5-8f76-c45c639e1cf{}"


def image(
    seq: int,
    finger: Finger = Finger.RING,
    *,
    sector: Sector = Sector.A,
    density: float | None = 7.0,
    evaluable: bool = True,
    hand: Hand = Hand.LEFT,
) -> CapturedImage:
    shown = shown_frame(seq, 1.0, density=density, evaluable=evaluable)
    file_name = f"{seq}.png"
    return CapturedImage(
        image_id=ID.format(seq),
        hand=hand,
        finger=finger,
        sector=sector,
        captured_at_utc=NOON,
        file_name=file_name,
        sha256=hashlib.sha256(file_name.encode()).hexdigest(),
        recorded=record_analysis(shown.analysis, file_name),
    )


def exam(*images: CapturedImage) -> Exam:
    return Exam(ID.format(0), "NC-0042", ExamState.OPEN, NOON, None, images)


def test_message_is_valid_and_names_everything_once() -> None:
    message = build_exam_message(exam(image(1), image(2)), BoxAddress("clinic-1", "box-7"), NOON + timedelta(minutes=9))
    document = json.loads(message.payload)
    schemas.validate("nailfold.exam-1", document)
    assert (document["schema"], message.schema) == ("nailfold.exam/1", "nailfold.exam/1")
    assert (document["site"], document["box"], document["patient_pseudonym"]) == ("clinic-1", "box-7", "NC-0042")
    assert (document["started_at"], document["finished_at"]) == ("2026-11-22T12:00:00.000Z", "2026-11-22T12:09:00.000Z")
    assert document["msg_id"] == message.msg_id
    assert message.sha256 == hashlib.sha256(message.payload).hexdigest()
    assert [entry["sha256"] for entry in document["images"]] == [image(1).sha256, image(2).sha256]
    assert document["images"][0]["result"]["capillaries"][0]["widths_um"]["apical"] == 22.56


def test_each_image_names_the_software_that_measured_it() -> None:
    updated = image(2)
    newer = replace(updated.analysis, identity=replace(updated.analysis.identity, software_version="0.2.0"))
    updated = replace(updated, recorded=record_analysis(newer, updated.file_name))
    document = json.loads(build_exam_message(exam(image(1), updated), BoxAddress("s", "b"), NOON).payload)
    assert [entry["software"]["version"] for entry in document["images"]] == ["0.1.0", "0.2.0"]
    assert document["software"]["version"] == "0.2.0"


def test_two_messages_never_share_an_id() -> None:
    ids = {build_exam_message(exam(image(1)), BoxAddress("s", "b"), NOON).msg_id for _ in range(50)}
    assert len(ids) == 50


def test_result_outside_the_schema_is_not_queued() -> None:
    document = document_of(image(1).recorded)
    document["images"][0]["metrics"]["mean_apical_um"] = "wide"
    broken = replace(image(1), recorded=recorded_from_document(document))
    with pytest.raises(ExportError, match=r"\$\.images\[0\]\.result\.metrics\.mean_apical_um") as refusal:
        build_exam_message(exam(broken), BoxAddress("s", "b"), NOON)
    assert "every image is kept" in refusal.value.remedy


@pytest.mark.parametrize("change", [{"patient_name": "x"}, {"site": "a/b"}, {"msg_id": "7"}, {"images": []}])
def test_schema_refuses_foreign_fields_and_bad_names(change: dict[str, object]) -> None:
    document = json.loads(build_exam_message(exam(image(1)), BoxAddress("s", "b"), NOON).payload)
    with pytest.raises(Exception, match=r"is not valid|not match|unexpected|non-empty|too short|less than 1 item"):
        schemas.validate("nailfold.exam-1", {**document, **change})


def test_exam_without_images_has_no_message() -> None:
    with pytest.raises(ExportError, match="no images"):
        build_exam_message(exam(), BoxAddress("s", "b"), NOON)


def test_totals_are_per_finger_and_leave_out_panoramic_and_unusable_images() -> None:
    images = (
        image(1, density=8.0),
        image(2, density=5.0),
        image(3, density=None),
        image(4, density=100.0, evaluable=False),
        image(5, density=100.0, sector=Sector.PANORAMIC),
        image(6, Finger.INDEX, density=None, hand=Hand.RIGHT),
    )
    ring, index = finger_totals(unreviewed(exam(*images)).images)
    assert (ring["hand"], ring["finger"], ring["images"], ring["images_evaluable"]) == ("left", "ring", 5, 3)
    # Two loops over 1/8 and 1/5 mm, not the mean of 8 and 5; +-6.9 leaves no decimal, one more is kept.
    assert (ring["mean_density_per_mm"], ring["images_with_density"]) == (6.2, 2)
    assert (ring["capillaries_total"], ring["haemorrhages"], ring["size_enlarged"], ring["giant"]) == (3, 3, 3, 0)
    assert (index["hand"], index["mean_density_per_mm"], index["images_with_density"]) == ("right", None, 0)
