"""Reviewed exams made by hand: loops are given as (apical width in um, shape, row), everything else follows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from appliance.analysis.density import RowDensity
from appliance.analysis.metrics import count_metrics
from appliance.analysis.recorded_analysis import record_analysis
from appliance.analysis.size import classify_width
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology, Row, SizeBasis
from appliance.domain.exam import CapturedImage, Exam, ExamState, Finger, Hand, ImageKind, Placement, Sector
from appliance.domain.exam_protocol import STANDARD_FINGERS
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.quality import FrameQuality, QualityReason
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
    score: float = 0.97


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
    recorded = record_analysis(_analysis(loops, row_mm, um_per_px, haemorrhages, reasons), "a.png")
    image_id = f"00000000-0000-7000-8000-{number:012d}"
    image = CapturedImage(
        image_id,
        place.hand,
        place.finger,
        place.sector,
        NOON + timedelta(seconds=number),
        f"{image_id}.png",
        "0" * 64,
        recorded,
        kind,
    )
    return ReviewedImage(image, recorded)


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


def _analysis(
    loops: Sequence[Loop], row_mm: float | None, scale: float | None, haemorrhages: int, reasons: Sequence[str]
) -> ImageAnalysis:
    capillaries = tuple(_capillary(index, loop, scale) for index, loop in enumerate(loops))
    distal = sum(one.row is Row.DISTAL for one in capillaries)
    because = "no_calibration" if scale is None else "no_distal_row" if row_mm is None or not distal else None
    row = None if scale is None else row_mm
    density = RowDensity(row, None if because or not row else distal / row, because)
    return ImageAnalysis(
        captured_at_utc=NOON,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        um_per_px=scale,
        calibration_id=None if scale is None else "stage-2026-11-01",
        quality=FrameQuality(not reasons, tuple(map(QualityReason, reasons)), 0.8, 0.01, 0.4, 0.5),
        capillaries=capillaries,
        haemorrhages=tuple(
            HaemorrhageDetection(BoundingBox(30.0 * one, 20.0, 24.0, 18.0), 0.8) for one in range(haemorrhages)
        ),
        metrics=count_metrics(capillaries, haemorrhages, density),
        identity=IDENTITY,
    )


def _capillary(index: int, loop: Loop, scale: float | None) -> Capillary:
    left = 40.0 + 110.0 * (index % 11)
    px = loop.um / (scale or UM_PER_PX)
    outer = (left + 30, 384.0)
    return Capillary(
        bbox=BoundingBox(left, 380.0, 60.0, 260.0),
        score=loop.score,
        track_id=None,
        row=Row(loop.row),
        morphology=Morphology(loop.shape),
        size=classify_width(loop.um),
        size_basis=SizeBasis.MEASURED if scale else SizeBasis.APPEARANCE,
        apex_px=outer,
        apical=MeasuredWidth(WidthSegment(outer, (left + 30, 384.0 + px)), px, loop.um if scale else None),
        arterial=None,
        venous=None,
    )
