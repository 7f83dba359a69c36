"""Int8 where this computer accepted it; float32, and why, where it did not."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.apps.engines import live_precision as module
from appliance.apps.engines.clinical_gate import GateReport
from appliance.apps.engines.live_precision import live_precision
from appliance.domain.errors import InferenceError
from appliance.inference.engine_set import open_manifest
from appliance.inference.settings import InferenceSettings

SHIPPED = Path(__file__).parents[4] / "engines" / "weights"


@pytest.fixture
def settings(tmp_path: Path) -> InferenceSettings:
    return InferenceSettings(weights_dir=SHIPPED, engine_cache_dir=tmp_path / "engines", threads=1)


def _answer(monkeypatch: pytest.MonkeyPatch, *reasons: str) -> list[int]:
    """Tries that were made, in place of the real one."""
    tries: list[int] = []

    def answer(*_: object) -> GateReport:
        tries.append(1)
        return GateReport({"mean_width": 0.0}, reasons)

    monkeypatch.setattr(module, "_judged", answer)
    return tries


def test_the_shipped_int8_networks_belong_to_the_shipped_weights() -> None:
    """After new weights: `nailfold engines quantize --ship`."""
    open_manifest(InferenceSettings(weights_dir=SHIPPED, engine_cache_dir=SHIPPED, precision="int8"))


def test_a_new_station_tries_int8_on_its_own_processor_and_once(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = live_precision(settings)
    assert first.settings.precision == "int8", first.why
    tries = _answer(monkeypatch)
    assert live_precision(settings) == first
    assert tries == []


def test_what_was_refused_here_stays_refused_with_its_reason(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = _answer(monkeypatch, "widths are shifted by 7 %")
    for _ in range(2):
        chosen = live_precision(settings)
        assert chosen.settings.engine_precision == "fp32"
        assert "widths are shifted by 7 %" in chosen.why
    assert len(tries) == 1


@pytest.mark.parametrize("name", ["processor", "onnxruntime", "networks"])
def test_another_computer_or_software_tries_anew(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tries = _answer(monkeypatch)
    live_precision(settings)
    path = settings.engine_cache_dir / "int8-check.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: "another"}))
    live_precision(settings)
    assert len(tries) == 2


def test_a_verdict_that_cannot_be_read_is_asked_for_again(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = _answer(monkeypatch)
    settings.engine_cache_dir.mkdir()
    (settings.engine_cache_dir / "int8-check.json").write_text("{")
    assert live_precision(settings).settings.precision == "int8"
    assert len(tries) == 1


def test_weights_of_the_fleet_without_int8_run_in_float32(settings: InferenceSettings, tmp_path: Path) -> None:
    for name in ("manifest.json", "detector.onnx", "keypoints.onnx"):
        shutil.copy(SHIPPED / name, tmp_path)
    chosen = live_precision(replace(settings, weights_dir=tmp_path))
    assert chosen.settings.engine_precision == "fp32"
    assert chosen.why.startswith("fp32: ")


def test_what_is_set_by_name_is_not_replaced(settings: InferenceSettings) -> None:
    for precision in ("float", "fp32"):
        wanted = replace(settings, precision=precision)
        assert live_precision(wanted).settings == wanted
    gpu = replace(settings, runtime="tensorrt")
    assert live_precision(gpu).settings.engine_precision == "fp16"
    named = replace(gpu, precision="int8")
    assert live_precision(named).settings == named


def test_int8_by_name_runs_the_shipped_networks_once_they_were_tried_here(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, named = _answer(monkeypatch), replace(settings, precision="int8")
    assert live_precision(named).settings == named
    assert len(tries) == 1
    engines = open_manifest(named).engines
    assert {entry.path.parent for entry in engines.values()} == {SHIPPED}
    assert all(".int8-" in entry.path.name for entry in engines.values())


def test_int8_by_name_that_this_processor_refused_is_an_error_and_not_float32(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer(monkeypatch, "widths are shifted by 7 %")
    with pytest.raises(InferenceError, match="widths are shifted by 7 %") as refused:
        live_precision(replace(settings, precision="int8"))
    assert '"float"' in refused.value.remedy


def test_int8_by_name_without_any_is_an_error(settings: InferenceSettings, tmp_path: Path) -> None:
    for name in ("manifest.json", "detector.onnx", "keypoints.onnx"):
        shutil.copy(SHIPPED / name, tmp_path)
    with pytest.raises(InferenceError, match="int8"):
        live_precision(replace(settings, weights_dir=tmp_path, precision="int8"))
