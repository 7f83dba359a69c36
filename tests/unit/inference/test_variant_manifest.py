"""Variants are run only if they were accepted for these very weights; what runs is what the result names."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.domain.errors import InferenceError, SettingsError
from appliance.inference.engine_set import load_engine_set
from appliance.inference.manifest import EngineEntry, read_manifest
from appliance.inference.settings import InferenceSettings
from appliance.inference.variant_manifest import VariantRecord, derived_entry, variant_paths


@pytest.fixture
def folder(weights: Callable[..., Path]) -> Path:
    return weights([(100, 50, 140, 200)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])


@pytest.fixture
def settings(folder: Path, tmp_path: Path) -> InferenceSettings:
    """Variants of both networks: the same function, other bytes."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for entry in read_manifest(folder).engines.values():
        _write_variant(entry, cache)
    return InferenceSettings(weights_dir=folder, engine_cache_dir=cache, precision="int8")


def _write_variant(entry: EngineEntry, cache: Path) -> None:
    # Protobuf readers skip a field that they do not know.
    content = entry.read_verified() + b"\xfa\x3f\x01x"
    digest = hashlib.sha256(content).hexdigest()
    variant_paths(cache, entry.role, "int8", "onnxruntime")[0].write_bytes(content)
    VariantRecord(entry.role, "int8", "onnxruntime", entry.sha256, digest, {}, {}, {}, "2026-11-22").write(cache)


def test_the_result_names_the_networks_that_ran(settings: InferenceSettings, folder: Path) -> None:
    engines = load_engine_set(settings, "1").identity.engines
    shipped = load_engine_set(replace(settings, precision="fp32"), "1").identity.engines
    for role in ("detector", "keypoints"):
        path = variant_paths(settings.engine_cache_dir, role, "int8", "onnxruntime")[0]
        assert engines[role] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        assert shipped[role] == f"sha256:{read_manifest(folder).engine(role).sha256}"
        assert engines[role] != shipped[role]


def test_without_variants_int8_is_an_error_and_not_float32(settings: InferenceSettings, tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match="No such file") as refusal:
        load_engine_set(replace(settings, engine_cache_dir=tmp_path / "empty"), "1")
    assert "nailfold engines quantize" in refusal.value.remedy


def test_a_variant_of_other_weights_is_refused(settings: InferenceSettings, weights: Callable[..., Path]) -> None:
    other = weights([(100, 50, 140, 201)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])
    with pytest.raises(InferenceError, match=r"was accepted for weights \(SHA-256\)"):
        load_engine_set(replace(settings, weights_dir=other), "1")


def test_changed_bytes_are_refused(settings: InferenceSettings) -> None:
    path = variant_paths(settings.engine_cache_dir, "keypoints", "int8", "onnxruntime")[0]
    path.write_bytes(path.read_bytes() + b"\xfa\x3f\x01y")
    with pytest.raises(InferenceError, match=r"accepted for content \(SHA-256\)"):
        load_engine_set(settings, "1")


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "nailfold.variant/2"}'])
def test_a_damaged_record_is_refused(settings: InferenceSettings, text: str) -> None:
    variant_paths(settings.engine_cache_dir, "detector", "int8", "onnxruntime")[1].write_text(text)
    with pytest.raises(InferenceError, match="record") as refusal:
        load_engine_set(settings, "1")
    assert refusal.value.remedy


@pytest.mark.parametrize("change", [{"role": "keypoints"}, {"precision": "fp16"}, {"target": "tensorrt"}])
def test_a_record_that_was_moved_is_refused(settings: InferenceSettings, folder: Path, change: dict[str, str]) -> None:
    path = variant_paths(settings.engine_cache_dir, "detector", "int8", "onnxruntime")[1]
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InferenceError, match="was accepted for"):
        derived_entry(read_manifest(folder).engine("detector"), settings.engine_cache_dir, "int8", "onnxruntime")


def test_precisions_are_those_that_exist() -> None:
    assert InferenceSettings().engine_precision == "fp32"
    assert InferenceSettings(runtime="tensorrt").engine_precision == "fp16"
    assert InferenceSettings(runtime="tensorrt", precision="int8").engine_precision == "int8"
    with pytest.raises(SettingsError, match='"int4"'):
        InferenceSettings(precision="int4")
    with pytest.raises(SettingsError, match="on the processor"):
        InferenceSettings(precision="fp16")


def test_a_plan_of_another_precision_than_the_settings_ask_for_is_refused(box: Any) -> None:
    """The box's plans say fp32."""
    box.runtime(precision="fp32").load("detector").close()
    with pytest.raises(InferenceError, match=r"built for inference\.precision fp32, here it is fp16") as refusal:
        box.runtime(precision="fp16").load("detector")
    assert "nailfold engines build" in refusal.value.remedy
