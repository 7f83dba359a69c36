"""Everything that was found in one picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from appliance.domain.calibration import Calibration
from appliance.domain.detection import BoundingBox, HaemorrhageDetection
from appliance.domain.frame import Frame
from appliance.domain.keypoints import Point
from appliance.domain.measurement import Capillary
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality


@dataclass(frozen=True)
class EngineIdentity:
    """Which software and which weights produced a result.

    Attributes:
        software_version: of this product.
        runtime: "onnxruntime-cpu", "tensorrt-10.3" and the like.
        engines: role ("detector", "keypoints") to "sha256:..." of the weights file.
    """

    software_version: str
    runtime: str
    engines: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ImageAnalysis:
    """The result of one picture: the form that results have everywhere inside the house.

    Attributes:
        captured_at_utc: when the picture was taken.
        width_px, height_px: size of the full picture, the coordinate system of everything below.
        um_per_px, calibration_id: None together where the picture has no calibration.
        um_per_px_uncertainty: half the width of the scale's 95 % interval; None where nobody measured it.
        capillaries, haemorrhages: best score first, those that a person drew behind them.
        metrics: computed from exactly these findings.
        hidden_px: areas in which nobody could see a loop.
        counted_row_px: the stretches of the distal row that density is counted along, each a line of points.
    """

    captured_at_utc: datetime
    width_px: int
    height_px: int
    um_per_px: float | None
    calibration_id: str | None
    quality: FrameQuality
    capillaries: tuple[Capillary, ...]
    haemorrhages: tuple[HaemorrhageDetection, ...]
    metrics: ImageMetrics
    identity: EngineIdentity
    um_per_px_uncertainty: float | None = None
    hidden_px: tuple[BoundingBox, ...] = ()
    counted_row_px: tuple[tuple[Point, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FrameAnalysis(ImageAnalysis):
    """The result of one frame as the pipeline gives it, with the frame's own number and time.

    Attributes:
        seq, captured_monotonic_s: copied from the frame.
        stage_ms: stage name to milliseconds ("detector", "keypoints", "measure", ...; "total").
        as_still: a live frame is one view, and some of its loops carry widths on from an earlier frame; this analyses
            the same picture as a still and gives the whole result anew. None where that was done. From any thread;
            raises InferenceError.
    """

    seq: int
    captured_monotonic_s: float
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    as_still: Callable[[], "FrameAnalysis"] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class RecordedAnalysis:
    """A result as it was written down. Made by the codec alone (appliance/analysis/recorded_analysis.py).

    Attributes:
        text: the `nailfold.analysis/1` document of this one picture; what is stored, sealed and sent. It may hold
            members that this software does not know.
        read: the codec's reader of such a text.
    """

    text: str
    read: Callable[[str], ImageAnalysis] = field(repr=False, compare=False)

    @cached_property
    def analysis(self) -> ImageAnalysis:
        """What the text says, to the digits that were written; read when first asked for.

        Raises:
            StoreError: the text cannot be read.
        """
        return self.read(self.text)


@dataclass(frozen=True)
class AnalysedFrame:
    """A picture together with its own result; what a capture keeps.

    Attributes:
        frame: the picture.
        analysis: the result of exactly this picture.
        calibration: the one the analysis used, for the record of its origin; None where there was none.

    Raises:
        ValueError: frame and analysis differ in sequence number, or calibration and analysis in id.
    """

    frame: Frame
    analysis: FrameAnalysis
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        if self.frame.seq != self.analysis.seq:
            raise ValueError(f"picture {self.frame.seq} was paired with the result of {self.analysis.seq}")
        if self.calibration is not None and self.calibration.calibration_id != self.analysis.calibration_id:
            used, given = self.analysis.calibration_id, self.calibration.calibration_id
            raise ValueError(f"a result by calibration {used} was paired with calibration {given}")

    def as_still(self) -> "AnalysedFrame":
        """The same picture with the result of a still. Raises InferenceError."""
        look = self.analysis.as_still
        return self if look is None else replace(self, analysis=look())
