"""What is done, missing and not evaluable."""

from dataclasses import replace
from datetime import datetime, timezone

from appliance.domain.exam import (
    CapturedImage,
    Exam,
    ExamState,
    Finger,
    Hand,
    ImageKind,
    Placement,
    Sector,
    SkippedPlacement,
)
from appliance.domain.exam_protocol import PROTOCOL_16, PROTOCOL_32
from appliance.domain.hand_map import CellState, HandMap, MapCell, hand_map, reviewed_hand_map
from appliance.domain.quality import QualityReason
from appliance.domain.review import unreviewed
from tests.support.exam_parts import recorded_result

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
RING_B = Placement(Hand.LEFT, Finger.RING, Sector.B)
RING_C = Placement(Hand.LEFT, Finger.RING, Sector.C)


def image(placement: Placement, *reasons: str, name: str = "i", kind: ImageKind = ImageKind.STILL) -> CapturedImage:
    recorded = recorded_result(f"{name}.png", *map(QualityReason, reasons))
    place = (placement.hand, placement.finger, placement.sector)
    return CapturedImage(name, *place, NOW, f"{name}.png", "0" * 64, recorded, kind)


def exam(*images: CapturedImage, protocol: str = "16", skipped: tuple[SkippedPlacement, ...] = ()) -> Exam:
    return Exam("e", "NC-1", ExamState.OPEN, NOW, images=images, protocol=protocol, skipped=skipped)


def cell(found: HandMap, placement: Placement) -> MapCell:
    return next(cell for cell in found.cells if cell.placement == placement)


def test_protocols_ask_for_sixteen_and_thirty_two_sectors_of_eight_fingers() -> None:
    for protocol, count in ((PROTOCOL_16, 16), (PROTOCOL_32, 32)):
        assert len(set(protocol.placements)) == count
        assert {placement.finger for placement in protocol.placements} == set(Finger) - {Finger.THUMB}
        assert hand_map(exam(protocol=protocol.name)).count(CellState.MISSING) == count


def test_free_exam_lacks_nothing() -> None:
    found = hand_map(exam(protocol="free"))
    assert found.is_complete
    assert found.count(CellState.OPEN) == 40


def test_one_good_picture_is_enough() -> None:
    found = hand_map(exam(image(RING_B, "glare", name="bad"), image(RING_B, name="good")))
    assert cell(found, RING_B) == MapCell(RING_B, CellState.DONE, ("bad", "good"))
    assert found.count(CellState.MISSING) == 15


def test_bad_pictures_and_skipped_placements_are_not_evaluable_and_not_missing() -> None:
    found = hand_map(
        exam(
            image(RING_B, "glare", "motion", name="x"),
            image(RING_B, "glare", name="y"),
            skipped=(SkippedPlacement(RING_C, "bandage"),),
        )
    )
    assert cell(found, RING_B) == MapCell(RING_B, CellState.NOT_EVALUABLE, ("x", "y"), ("glare", "motion"))
    assert cell(found, RING_C) == MapCell(RING_C, CellState.NOT_EVALUABLE, (), ("bandage",))
    assert found.count(CellState.MISSING) == 14


def test_clips_panoramas_and_unknown_sectors_complete_nothing() -> None:
    unknown = Placement(Hand.LEFT, Finger.RING, Sector.UNKNOWN)
    found = hand_map(
        exam(image(RING_B, kind=ImageKind.CLIP), image(RING_B, kind=ImageKind.PANORAMA), image(unknown, name="u"))
    )
    assert cell(found, RING_B).state is CellState.MISSING
    assert found.elsewhere == {(Hand.LEFT, Finger.RING): 1}


def test_picture_that_the_physician_excluded_does_not_count() -> None:
    reviewed = unreviewed(exam(image(RING_B)))
    assert cell(reviewed_hand_map(reviewed), RING_B).state is CellState.DONE
    excluded = replace(reviewed.images[0], not_evaluable_because="wrong finger")
    found = reviewed_hand_map(replace(reviewed, images=(excluded,)))
    assert cell(found, RING_B) == MapCell(RING_B, CellState.NOT_EVALUABLE, ("i",), ("wrong finger",))


def test_pictures_in_no_named_sector_are_counted_for_their_finger() -> None:
    unknown = Placement(Hand.LEFT, Finger.RING, Sector.UNKNOWN)
    found = hand_map(exam(image(unknown, name="a"), image(unknown, name="b"), image(RING_B, name="c")))
    assert dict(found.elsewhere) == {(Hand.LEFT, Finger.RING): 2}


def test_what_nobody_reviewed_is_what_was_found() -> None:
    captured = image(RING_B)
    (one,) = unreviewed(exam(captured)).images
    assert one.recorded == captured.recorded
