"""Reviewed exams made by hand: loops are given as (apical width in um, shape, row), everything else follows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from appliance.analysis.size import classify_width, is_near_cut
from appliance.domain.exam import CapturedImage, Exam, ExamState, Finger, Hand, ImageKind, Placement, Sector
from appliance.domain.exam_protocol import STANDARD_FINGERS
from appliance.domain.review import ReviewedExam, ReviewedImage
from tests.support.exam_parts import IDENTITY, NOON

UM_PER_PX = 1.0
WIDTH_PX, HEIGHT_PX = 1280, 1024
LEFT_RING_B = Placement(Hand.LEFT, Finger.RING, Sector.B)


@dataclass(frozen=True)
class Loop:
    """One capillary; `um` is its apical width, the limbs are not measured."""

    um: float = 15.0
    shape: str = "normal"
    row: str = "distal"


def image_of(
    loops: Sequence[Loop],
    place: Placement = LEFT_RING_B,
    *,
    row_mm: float | None = 1.0,
    um_per_px: float | None = UM_PER_PX,
    haemorrhages: int = 0,
    number: int = 1,
    reasons: Sequence[str] = (),
    kind: ImageKind = ImageKind.STILL,
) -> ReviewedImage:
    """An image whose metrics follow from its loops; `row_mm` None where no distal row was found."""
    analysed = _analysed(loops, row_mm, um_per_px, haemorrhages, reasons)
    software = {"version": IDENTITY.software_version, "runtime": IDENTITY.runtime, "engines": dict(IDENTITY.engines)}
    image_id = str(UUID(int=number))
    image = CapturedImage(
        image_id,
        place.hand,
        place.finger,
        place.sector,
        NOON + timedelta(seconds=number),
        f"{image_id}.png",
        "0" * 64,
        {"schema": "nailfold.analysis/1", "software": software, "images": [analysed]},
        kind,
    )
    return ReviewedImage(image, analysed)


def exam_of(*images: ReviewedImage, **changes: Any) -> ReviewedExam:
    """A finished exam of these images."""
    captured = tuple(image.image for image in images)
    exam = Exam(str(UUID(int=99)), "NC-0042", ExamState.FINISHED, NOON, NOON + timedelta(minutes=6), captured)
    return ReviewedExam(replace(exam, **changes), images)


def every_finger(loops: Sequence[Loop], **named: Any) -> list[ReviewedImage]:
    """One image of each of the eight fingers, all alike."""
    fingers = [(hand, finger) for hand in Hand for finger in STANDARD_FINGERS]
    return [
        image_of(loops, Placement(hand, finger, Sector.B), number=number, **named)
        for number, (hand, finger) in enumerate(fingers, start=1)
    ]


def _analysed(
    loops: Sequence[Loop], row_mm: float | None, scale: float | None, haemorrhages: int, reasons: Sequence[str]
) -> dict[str, Any]:
    distal = [loop for loop in loops if loop.row == "distal"]
    capillaries = [_capillary(index, loop, scale) for index, loop in enumerate(loops)]
    because = "no_calibration" if scale is None else "no_distal_row" if row_mm is None or not distal else None
    row = None if scale is None else row_mm
    widths = [loop.um for loop in distal]
    return {
        "file": "a.png",
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
        "captured_at": "2026-11-22T12:00:00.000Z",
        "um_per_px": scale,
        "calibration_id": None if scale is None else "stage-2026-11-01",
        "quality": {
            "evaluable": not reasons,
            "reasons": list(reasons),
            "focus": 0.8,
            "glare": 0.01,
            "motion_px": 0.4,
            "exposure": 0.5,
        },
        "capillaries": capillaries,
        "haemorrhages": [{"bbox_px": [30.0 * one, 20.0, 24.0, 18.0], "score": 0.8} for one in range(haemorrhages)],
        "metrics": {
            "capillaries_total": len(loops),
            "capillaries_distal": len(distal),
            "distal_row_mm": row,
            "density_per_mm": None if because or not row else round(len(distal) / row, 2),
            "density_unmeasurable_because": because,
            "mean_apical_um": sum(widths) / len(widths) if scale and widths else None,
            "largest_width_um": max((loop.um for loop in loops), default=None) if scale else None,
            **{
                shape: sum(one.shape == shape for one in loops) for shape in ("normal", "tortuous", "ramified", "giant")
            },
            **{
                f"size_{size}": sum(one["size"] == size for one in capillaries)
                for size in ("normal", "enlarged", "giant")
            },
            "haemorrhages": haemorrhages,
        },
    }


def _capillary(index: int, loop: Loop, scale: float | None) -> dict[str, Any]:
    left = 40.0 + 110.0 * (index % 11)
    px = loop.um / (scale or UM_PER_PX)
    return {
        "bbox_px": [left, 380.0, 60.0, 260.0],
        "score": 0.93,
        "track_id": None,
        "row": loop.row,
        "morphology": loop.shape,
        "size": classify_width(loop.um).value,
        "size_basis": "measured" if scale else "appearance",
        "size_is_near_cut": scale is not None and is_near_cut(loop.um, scale),
        "apex_px": [left + 30, 384.0],
        "segments_px": {"apical": [[left + 30, 384.0], [left + 30, 384.0 + px]], "arterial": None, "venous": None},
        "widths_px": {"apical": px, "arterial": None, "venous": None},
        "widths_um": {"apical": loop.um if scale else None, "arterial": None, "venous": None},
    }
