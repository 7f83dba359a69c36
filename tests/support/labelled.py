"""Outcomes of an evaluation put together by hand: what was labelled, and what the device is to have found."""

from collections.abc import Sequence
from datetime import datetime, timezone

from appliance.domain.analysis_result import EngineIdentity, FrameAnalysis
from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    Detections,
    HaemorrhageDetection,
    Morphology,
    Row,
    SizeBasis,
    SizeClass,
)
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality
from engines.datasets.labels import Box, Label, LabelledImage, Standing
from engines.evaluation.coco.categories import meanings_of
from engines.evaluation.coco.outcome import Outcome, targets_of

Widths = tuple[float | None, float | None, float | None]


def segment(length_px: float | None) -> WidthSegment | None:
    return None if length_px is None else WidthSegment((10.0, 10.0), (10.0 + length_px, 10.0))


def label(
    box: Box,
    category: str = "normal",
    *,
    standing: Standing = Standing.TARGET,
    widths_px: Widths = (None, None, None),
    size: SizeClass | None = None,
) -> Label:
    """`box` in the device's coordinates; the file's are half a pixel more."""
    at_edge = (box[0] + 0.5, box[1] + 0.5, box[2], box[3])
    return Label(category, at_edge, LoopKeypoints(*map(segment, widths_px)), size, standing)


def loop(
    box: Box,
    score: float,
    shape: str = "normal",
    *,
    widths_px: Widths = (None, None, None),
    um_per_px: float | None = None,
    size: SizeClass = SizeClass.NORMAL,
    basis: SizeBasis = SizeBasis.MEASURED,
) -> Capillary:
    def measured(px: float | None) -> MeasuredWidth | None:
        found = segment(px)
        if px is None or found is None:
            return None
        return MeasuredWidth(found, px, None if um_per_px is None else px * um_per_px)

    widths = map(measured, widths_px)
    return Capillary(BoundingBox(*box), score, None, Row.DISTAL, Morphology(shape), size, basis, None, *widths)


def outcome(
    labels: Sequence[Label],
    loops: Sequence[Capillary] = (),
    patches: Sequence[tuple[Box, float]] = (),
    *,
    min_score: float = 0.4,
    um_per_px: float | None = None,
    density: tuple[float | None, float | None] = (None, None),
    refused: str | None = "no_calibration",
) -> Outcome:
    """One picture of 640x480.

    Args:
        loops, patches: found at any score; the device's result has those from `min_score` on.
        density: found and labelled.
    """
    image = LabelledImage("a.png", 640, 480, tuple(labels), um_per_px, density[1])
    found = Detections(
        tuple(CapillaryDetection(one.bbox, one.score, one.morphology, one.size) for one in loops),
        tuple(HaemorrhageDetection(BoundingBox(*box), score) for box, score in patches),
    )
    analysis = FrameAnalysis(
        seq=0,
        captured_monotonic_s=0.0,
        captured_at_utc=datetime(2026, 11, 22, tzinfo=timezone.utc),
        width_px=640,
        height_px=480,
        um_per_px=um_per_px,
        calibration_id=None if um_per_px is None else "test",
        quality=FrameQuality(True, (), 0.8, 0.0, None, 0.5),
        capillaries=tuple(one for one in loops if one.score >= min_score),
        haemorrhages=tuple(one for one in found.haemorrhages if one.score >= min_score),
        metrics=_metrics(density[0], None if density[0] is not None else refused),
        identity=EngineIdentity("test", "test", {}),
    )
    return Outcome(image, targets_of(image, meanings_of({one.category for one in labels}, {})), found, analysis)


def _metrics(density_per_mm: float | None, reason: str | None) -> ImageMetrics:
    return ImageMetrics(0, 0, None, density_per_mm, reason, None, None, 0, 0, 0, 0, 0, 0, 0, 0)
