"""The gate of accuracy: it lets good networks through, refuses spoilt ones with figures, and then writes nothing."""

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import EngineEntry, read_manifest
from appliance.inference.variant_manifest import derived_entry, read_record
from engines.build.gate import GateResult, _failure, decide, require_accepted
from engines.build.half_precision import halve
from engines.build.half_rounding import rounded_like_half
from engines.build.int8 import quantise
from engines.build.rendered_sets import (
    CALIBRATION_IMAGES,
    CALIBRATION_SEED,
    GATE_IMAGES,
    GATE_SEED,
    calibration_inputs,
    rendered,
)
from engines.build.variants import VariantMaker
from engines.evaluation.synthetic import FIRST_SEED as EVALUATION_SEED
from engines.synthetic.truth import RenderedImage
from engines.training.cache import SEEDS_PER_CACHE
from engines.training.calibration import FIRST_SEED as SCORE_SEED

onnx: Any = pytest.importorskip("onnx")
WEIGHTS = Path(__file__).parents[4] / "engines" / "weights"
IMAGES = 16


@cache
def pictures() -> tuple[RenderedImage, ...]:
    return tuple(rendered(GATE_SEED, IMAGES))


@cache
def int8(role: str) -> bytes:
    entry = shipped(role)
    return quantise(entry.read_verified(), calibration_inputs(entry, rendered(CALIBRATION_SEED, 8)), "onnxruntime")


def shipped(role: str) -> EngineEntry:
    return read_manifest(WEIGHTS).engine(role)


def with_wrong_scales(network: bytes, factor: float) -> bytes:
    """Every activation's scale multiplied, as a calibration on the wrong pictures would have it."""
    model = onnx.load_from_string(network)
    names = {node.input[1] for node in model.graph.node if node.op_type == "QuantizeLinear"}
    for tensor in model.graph.initializer:
        if tensor.name in names:
            scale = onnx.numpy_helper.to_array(tensor) * np.float32(factor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(scale.astype(np.float32), tensor.name))
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize(
    ("role", "figure", "most"), [("detector", "capillary_ap50", 0.03), ("keypoints", "apical_mae_px", 0.05)]
)
def test_a_good_quantisation_loses_next_to_nothing(role: str, figure: str, most: float) -> None:
    """Looser than the gate, as few pictures tell less."""
    verdict = decide(shipped(role), int8(role), pictures())
    assert abs(verdict.full[figure] - verdict.reduced[figure]) < most
    assert verdict.full != verdict.reduced


@pytest.mark.parametrize("factor", [0.1, 12.0])
@pytest.mark.parametrize("role", ["detector", "keypoints"])
def test_wrong_scales_are_refused_with_the_figures_and_nothing_is_written(
    role: str, factor: float, tmp_path: Path
) -> None:
    maker = VariantMaker(tmp_path / "cache", gate_images=IMAGES)
    maker._gate_pictures = pictures()
    with pytest.raises(InferenceError, match=rf"{role} network in int8 is refused on {IMAGES} rendered") as refusal:
        maker.keep(shipped(role), with_wrong_scales(int8(role), factor), "onnxruntime")
    assert "allowed is 0.01" in str(refusal.value) or "cannot be told any more" in str(refusal.value)
    assert not (tmp_path / "cache").exists()


def test_a_refusal_leaves_what_was_accepted_before_as_it_was(tmp_path: Path) -> None:
    maker = VariantMaker(tmp_path, gate_images=IMAGES)
    maker._gate_pictures = pictures()
    entry = shipped("keypoints")
    maker.keep(entry, entry.read_verified(), "onnxruntime")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InferenceError):
        maker.keep(entry, with_wrong_scales(int8("keypoints"), 12.0), "onnxruntime")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_is_accepted_is_kept_with_its_figures_and_passes_the_guard(tmp_path: Path) -> None:
    maker = VariantMaker(tmp_path, gate_images=IMAGES)
    maker._gate_pictures = pictures()
    entry = shipped("detector")
    record = maker.keep(entry, entry.read_verified(), "onnxruntime")
    assert record.gate["images"] == IMAGES
    assert record.gate["full"] == record.gate["reduced"]
    assert record.gate["limits"] == {"capillary_ap50": 0.01, "haemorrhage_ap50": 0.01}
    assert record == read_record(entry, tmp_path, "int8", "onnxruntime")
    assert derived_entry(entry, tmp_path, "int8", "onnxruntime").read_verified() == entry.read_verified()


def test_float16_is_judged_with_float16s_rounding_and_only_once(tmp_path: Path) -> None:
    maker = VariantMaker(tmp_path, gate_images=IMAGES)
    maker._gate_pictures = pictures()
    entry = shipped("keypoints")
    record = maker.accept_half(entry)
    assert record.sha256 == entry.sha256
    assert record.gate["full"] != record.gate["reduced"]
    maker._gate_pictures = ()
    assert maker.accept_half(entry) == record


def test_a_network_that_overflows_float16_is_refused(tmp_path: Path) -> None:
    """The same function in float32: one layer's weights times ten thousand, the next one's divided by it."""
    entry = shipped("keypoints")
    model = onnx.load_from_string(entry.read_verified())
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    first, second = [node for node in model.graph.node if node.op_type == "Conv"][:2]
    for name, factor in ((first.input[1], 1e4), (first.input[2], 1e4), (second.input[1], 1e-4)):
        values = onnx.numpy_helper.to_array(constants[name]) * np.float32(factor)
        constants[name].CopyFrom(onnx.numpy_helper.from_array(values, name))
    path = tmp_path / "keypoints.onnx"
    path.write_bytes(model.SerializeToString())
    spoilt = replace(entry, path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    maker = VariantMaker(tmp_path / "cache", gate_images=IMAGES)
    maker._gate_pictures = pictures()
    with pytest.raises(InferenceError):
        maker.accept_half(spoilt)
    assert not (tmp_path / "cache").exists()


def test_float16s_rounding_is_that_of_the_reference() -> None:
    reference = pytest.importorskip("onnx.reference")
    entry = shipped("keypoints")
    (inputs,) = calibration_inputs(entry, rendered(490_002, 1))
    inputs = {name: crops[:2] for name, crops in inputs.items()}
    halved = halve(entry.read_verified())
    true = reference.ReferenceEvaluator(onnx.load_from_string(halved)).run(None, inputs)
    unrounded, rounded = (
        onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"]).run(None, inputs)
        for network in (halved, rounded_like_half(halved))
    )
    assert np.abs(rounded[0] - true[0]).max() < 0.1
    assert not np.array_equal(rounded[0], unrounded[0]), "ONNX Runtime by itself rounds only the weights"


@pytest.mark.parametrize(
    ("full", "reduced", "is_refused"),
    [
        (0.9, 0.8899, True),
        (0.9, 0.8901, False),
        (0.9, 0.95, False),
        (0.9, float("nan"), True),
        (None, 0.9, True),
        (0.9, None, True),
    ],
)
def test_the_limit_is_a_hundredth(full: float | None, reduced: float | None, is_refused: bool) -> None:
    failure = _failure("capillary_ap50", full, reduced, 0.01)
    assert bool(failure) is is_refused
    verdict = GateResult(
        {"capillary_ap50": 0.01}, {"capillary_ap50": full}, {"capillary_ap50": reduced}, (failure,) if failure else ()
    )
    if is_refused:
        with pytest.raises(InferenceError, match="capillary_ap50"):
            require_accepted(verdict, "detector", "int8", 1)
    else:
        assert require_accepted(verdict, "detector", "int8", 1)["failures"] == []


def test_an_error_gets_worse_by_growing() -> None:
    assert _failure("apical_mae_px", 2.0, 2.02, 0.01)
    assert not _failure("apical_mae_px", 2.0, 1.5, 0.01)


def test_nothing_else_has_seen_the_pictures_of_scales_and_gate() -> None:
    scales_end, gate_end = CALIBRATION_SEED + CALIBRATION_IMAGES, GATE_SEED + GATE_IMAGES
    # Score calibration has 60,000 seeds of room below.
    assert SCORE_SEED + 60_000 <= CALIBRATION_SEED < scales_end <= GATE_SEED < gate_end <= EVALUATION_SEED
    assert gate_end < SEEDS_PER_CACHE
