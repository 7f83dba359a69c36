"""Pictures, results and clocks for tests of the exam; the results hold what a real one holds."""

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np

from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.analysis_result import AnalysedFrame, EngineIdentity, FrameAnalysis, RecordedAnalysis
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality, QualityReason

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
CAMERA = CameraDescription("Dino-Lite", "a168:0990:X1", "MJPG", 64, 48, 30.0)
CALIBRATION = Calibration("dinolite-220x", 1.41, 64, 48, ScaleOrigin.DEVICE_PROFILE, "220x")
IDENTITY = EngineIdentity(
    "0.1.0", "onnxruntime-cpu", {"detector": f"sha256:{'a' * 64}", "keypoints": f"sha256:{'b' * 64}"}
)


class SystemClock:
    """The computer's own clock."""

    def now_utc(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic_s(self) -> float:
        return time.monotonic()


class HeldClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self._elapsed_s = 100.0
        self._set_back_s = 0.0

    def advance(self, seconds: float) -> None:
        self._elapsed_s += seconds

    def set_back(self, seconds: float) -> None:
        """What a time server, or somebody, does to the time of day alone."""
        self._set_back_s += seconds

    def now_utc(self) -> datetime:
        return NOON + timedelta(seconds=self._elapsed_s - self._set_back_s)

    def monotonic_s(self) -> float:
        return self._elapsed_s


def shown_frame(seq: int, monotonic_s: float, *, density: float | None = 7.0, evaluable: bool = True) -> AnalysedFrame:
    """A picture of its own colour with one measured capillary."""
    pixels = np.full((48, 64, 3), (seq * 37 % 256, 90, 60), dtype=np.uint8)
    frame = Frame(seq, pixels, monotonic_s, NOON + timedelta(seconds=seq), CAMERA)
    analysis = FrameAnalysis(
        seq=seq,
        captured_monotonic_s=monotonic_s,
        captured_at_utc=frame.captured_at_utc,
        width_px=64,
        height_px=48,
        um_per_px=CALIBRATION.um_per_px,
        calibration_id=CALIBRATION.calibration_id,
        quality=FrameQuality(evaluable, () if evaluable else (QualityReason.GLARE,), 0.8, 0.01, 0.4, 0.5),
        capillaries=(_capillary(),),
        haemorrhages=(HaemorrhageDetection(BoundingBox(1.0, 2.0, 5.0, 4.0), 0.7),),
        metrics=_metrics(density),
        identity=IDENTITY,
        stage_ms={"total": 20.0},
    )
    return AnalysedFrame(frame, analysis, CALIBRATION)


def recorded_result(file_name: str = "a.png", *reasons: QualityReason) -> RecordedAnalysis:
    """The result of `shown_frame` as a capture keeps it; not evaluable for those reasons."""
    analysis = shown_frame(1, 1.0).analysis
    quality = replace(analysis.quality, is_evaluable=not reasons, reasons=reasons)
    return record_analysis(replace(analysis, quality=quality), file_name)


def look_at_still(frame: Frame, scale: Calibration | None) -> FrameAnalysis:
    """What an engine would say of an imported picture: the one loop of `shown_frame`, in micrometres with a scale."""
    template = shown_frame(frame.seq, frame.captured_monotonic_s).analysis
    return replace(
        template,
        captured_at_utc=frame.captured_at_utc,
        width_px=frame.width_px,
        height_px=frame.height_px,
        um_per_px=None if scale is None else scale.um_per_px,
        calibration_id=None if scale is None else scale.calibration_id,
    )


def _capillary() -> Capillary:
    apical = MeasuredWidth(WidthSegment((20.0, 10.0), (20.0, 26.0)), 16.0, 22.56)
    return Capillary(
        bbox=BoundingBox(10.0, 8.0, 22.0, 35.0),
        score=0.93,
        track_id=17,
        row=Row.DISTAL,
        morphology=Morphology.NORMAL,
        size=SizeClass.ENLARGED,
        size_basis=SizeBasis.MEASURED,
        apex_px=(20.0, 10.0),
        apical=apical,
        arterial=None,
        venous=None,
    )


def _metrics(density: float | None) -> ImageMetrics:
    return ImageMetrics(
        capillaries_total=1,
        capillaries_distal=1,
        distal_row_mm=None if density is None else 1 / density,
        density_per_mm=density,
        density_unmeasurable_because="no_distal_row" if density is None else None,
        mean_apical_um=22.56,
        largest_width_um=22.56,
        normal=1,
        tortuous=0,
        ramified=0,
        giant=0,
        size_normal=0,
        size_enlarged=1,
        size_giant=0,
        haemorrhages=1,
    )
