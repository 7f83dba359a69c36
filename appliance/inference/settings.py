"""What can be set about the networks."""

from dataclasses import dataclass
from pathlib import Path

from appliance.analysis.counted_once import SAME_IOU, SAME_SHARE
from appliance.domain.errors import SettingsError

RUNTIMES = ("onnxruntime", "tensorrt")
TENSORRT_FLAVOURS = ("tensorrt", "tensorrt_rtx")
PRECISIONS = ("auto", "float", "fp32", "fp16", "int8")


@dataclass(frozen=True)
class InferenceSettings:
    """Runtime, files and thresholds of the two networks.

    Attributes:
        runtime: "onnxruntime" (any computer, CPU) or "tensorrt"; never replaced by the other at run time.
        weights_dir: folder with manifest.json and the ONNX files; None until apps fills in the packaged one.
        engine_cache_dir: where `nailfold engines build` puts TensorRT plans.
        tensorrt_flavour: "tensorrt" (JetPack) or "tensorrt_rtx" (GeForce and RTX computers).
        precision: "fp32", "fp16" (TensorRT alone), "int8" or "float": the runtime's own, fp32 in ONNX Runtime and fp16
            in TensorRT. What is not there is an error, never replaced by another. Int8 ships with the weights for ONNX
            Runtime; `nailfold engines quantize` makes this computer's own, which goes first.
            "auto" is int8 for a station's ONNX Runtime where this computer accepted it, "float" everywhere else.
        threads: ONNX Runtime's threads for one network; capture, encoding and a browser need the other cores.
        spin_while_idle: let ONNX Runtime's threads spin between two operators. Measured on 2 cores: no faster, and it
            takes a core from everybody else (docs/decisions/2026-11-22-engine-threads.md).
        min_score_capillary, min_score_haemorrhage: detections below are dropped; 0.40 as in Gracia Tello 2022.
        nms_iou: of two boxes overlapping more than this the better one stays.
        nms_containment: a box of which a surer one holds more than this is doubtful, and loses part of its score.
        max_candidates: boxes of one kind that enter suppression, best first; bounds the time of a hopeless picture.
        min_keypoint_confidence: widths below are reported as not measurable.
    """

    runtime: str = "onnxruntime"
    weights_dir: Path | None = None
    engine_cache_dir: Path = Path("/var/lib/nailfold/engines")
    tensorrt_flavour: str = "tensorrt"
    precision: str = "auto"
    threads: int = 2
    spin_while_idle: bool = False
    min_score_capillary: float = 0.40
    min_score_haemorrhage: float = 0.40
    nms_iou: float = SAME_IOU
    nms_containment: float = SAME_SHARE
    max_candidates: int = 300
    min_keypoint_confidence: float = 0.5

    def __post_init__(self) -> None:
        _require_choice("inference.runtime", self.runtime, RUNTIMES)
        _require_choice("inference.tensorrt_flavour", self.tensorrt_flavour, TENSORRT_FLAVOURS)
        _require_choice("inference.precision", self.precision, PRECISIONS)
        if (self.runtime, self.precision) == ("onnxruntime", "fp16"):
            raise SettingsError('inference.precision is "fp16" on the processor', "Choose fp32 or int8, or a GPU.")
        _require_between("inference.threads", self.threads, 1, 64)
        _require_between("inference.max_candidates", self.max_candidates, 1, 2000)
        for name in (
            "min_score_capillary",
            "min_score_haemorrhage",
            "nms_iou",
            "nms_containment",
            "min_keypoint_confidence",
        ):
            _require_between(f"inference.{name}", getattr(self, name), 0.0, 1.0)

    @property
    def engine_precision(self) -> str:
        """The precision that runs, "fp32", "fp16" or "int8"; a station decides "auto" before it asks."""
        if self.precision not in ("auto", "float"):
            return self.precision
        return "fp32" if self.runtime == "onnxruntime" else "fp16"


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(f'{name} is "{value}"', f"Choose one of: {', '.join(choices)}.")


def _require_between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{name} is {value}", f"Use a value from {low} to {high}.")
