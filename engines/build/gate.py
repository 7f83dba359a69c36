"""The gate of accuracy: a network in fewer bits is used only if it is as good as the one it came from.

Both run over the same rendered pictures, which no training and no choice of scales has seen, through the device's own
code. The limits are the acceptance of the product: a hundredth of average precision, a hundredth of a pixel.
"""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import EngineEntry, EngineManifest
from appliance.inference.ort_runtime import OnnxRuntime
from engines.accuracy.network_figures import FIGURES, Figures
from engines.synthetic.truth import RenderedImage

LARGEST_LOSS: dict[str, dict[str, float]] = {
    "detector": {"capillary_ap50": 0.01, "haemorrhage_ap50": 0.01},
    "keypoints": {"apical_mae_px": 0.01, "apical_measured": 0.01},
}
"""By role and figure, how much worse than float32 it may be. `apical_measured` is the share of widths given at all:
without it a network could better its error by keeping silent."""

ERRORS = ("apical_mae_px",)
"""Figures that get worse by growing."""


@dataclass(frozen=True)
class GateResult:
    """The gated figures of both networks, and each that is worse than allowed in one sentence."""

    limits: Mapping[str, float]
    full: Figures
    reduced: Figures
    failures: tuple[str, ...]


def decide(source: EngineEntry, reduced: bytes, pictures: Sequence[RenderedImage]) -> GateResult:
    """Compare a network with its source in float32.

    Args:
        source: the shipped network.
        reduced: the derived one, as an ONNX that a processor computes with the same rounding as the device.
        pictures: rendered, with truth.

    Raises:
        InferenceError: one of them does not run.
    """
    limits = LARGEST_LOSS[source.role]
    full = _figures(source, source.read_verified(), pictures)
    less = _figures(source, reduced, pictures)
    failures = [_failure(name, full[name], less[name], limit) for name, limit in limits.items()]
    return GateResult(limits, _only(full, limits), _only(less, limits), tuple(filter(None, failures)))


def require_accepted(verdict: GateResult, role: str, precision: str, images: int) -> dict[str, object]:
    """The verdict in JSON types. Raises InferenceError with the figures where the network lost too much."""
    if verdict.failures:
        raise InferenceError(
            f"the {role} network in {precision} is refused on {images} rendered images: {'; '.join(verdict.failures)}",
            "Stay with the float precision. Nothing was written.",
        )
    return {**asdict(verdict), "failures": []}


def _figures(source: EngineEntry, network: bytes, pictures: Sequence[RenderedImage]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="nailfold-gate-") as folder:
        path = Path(folder) / source.path.name
        path.write_bytes(network)
        entry = replace(source, path=path, sha256=hashlib.sha256(network).hexdigest())
        engine = OnnxRuntime(EngineManifest(path, {source.role: entry}), threads=1).load(source.role)
        try:
            return FIGURES[source.role](engine, entry, pictures)
        finally:
            engine.close()


def _failure(name: str, full: float | None, reduced: float | None, limit: float) -> str:
    """Why this figure refuses the network; empty where it does not."""
    if full is None:
        return f"{name} cannot be measured for float32: the pictures have no such target, or it found none"
    if reduced is None:
        return f"{name} is {full:.4f} in float32 and cannot be measured any more"
    loss = reduced - full if name in ERRORS else full - reduced
    # Written so that a figure that is no number refuses, too.
    return "" if loss <= limit else f"{name} went from {full:.4f} to {reduced:.4f}, allowed is {limit:g}"


def _only(figures: Figures, names: Mapping[str, float]) -> Figures:
    return {name: figures[name] for name in names}
