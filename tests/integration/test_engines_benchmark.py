"""`nailfold engines quantize` and `benchmark` on this very computer; how fast it is, is not tested."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from appliance.apps.cli import main
from appliance.apps.workbench.bench import engines_benchmark
from appliance.apps.workbench.bench.benchmark_variants import MEASURES
from appliance.apps.workbench.bench.engines_benchmark import Rounds
from appliance.inference.manifest import read_manifest
from appliance.inference.variant_manifest import variant_paths
from engines.build import gate

pytest.importorskip("onnx")
WEIGHTS = Path(__file__).parents[2] / "engines" / "weights"
LOOSE = {"detector": {"capillary_ap50": 0.2}, "keypoints": {"apical_mae_px": 0.5}}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a box whose gate looks at few pictures, and loosely: the gate has its own tests."""
    monkeypatch.setattr("engines.build.variants.GATE_IMAGES", 6)
    monkeypatch.setattr("engines.build.variants.CALIBRATION_IMAGES", 4)
    monkeypatch.setattr(gate, "LARGEST_LOSS", LOOSE)
    path = tmp_path / "site.toml"
    path.write_text(f'[station]\nboard = "generic"\n[inference]\nengine_cache_dir = "{tmp_path}/cache"\nthreads = 1\n')
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["engines", *map(str, arguments)])


def test_every_variant_is_measured_or_named_with_its_reason(site: Path, tmp_path: Path) -> None:
    quantised = run("quantize", "--config", site)
    assert quantised.exit_code == 0, quantised.stderr
    assert "capillary_ap50" in quantised.stdout
    measured = run("benchmark", "--config", site, "--seconds", 1, "--json", tmp_path / "figures/b.json")
    assert measured.exit_code == 0, measured.stderr
    report = json.loads((tmp_path / "figures/b.json").read_text())
    variants = {(one["runtime"], one["precision"]): one for one in report["variants"]}
    assert {("onnxruntime-cpu", "fp32"), ("onnxruntime-cpu", "int8")} <= variants.keys()
    for variant in variants.values():
        for measure in MEASURES:
            _check_spread(variant[f"{measure}_ms"])
        assert variant["frame_ms"]["p50"] > variant["detector_ms"]["min"], "a frame holds the detector"
    missing = {(one["runtime"], one["precision"]): one["reason"] for one in report["unavailable"]}
    assert "on the processor" in missing["onnxruntime", "fp16"]
    assert len(variants) + len(missing) == 9, "nothing is left out in silence"
    assert all(missing.values())
    for name in ("onnxruntime-cpu int8", "detector", "keypoints", "frame", "not here: onnxruntime fp16"):
        assert name in measured.stdout
    _check_identity(variants["onnxruntime-cpu", "int8"], tmp_path)


def _check_spread(spread: dict[str, float]) -> None:
    assert 0 < spread["min"] <= spread["p50"] <= spread["p95"] <= spread["max"]
    assert 0.01 < spread["ratio_to_first"] < 100


def _check_identity(variant: dict[str, Any], tmp_path: Path) -> None:
    for role, entry in read_manifest(WEIGHTS).engines.items():
        record = json.loads(variant_paths(tmp_path / "cache", role, "int8", "onnxruntime")[1].read_text())
        assert record["source_sha256"] == entry.sha256
        assert variant["engines"][role] == f"sha256:{record['sha256']}"


def test_a_refused_network_is_one_line_with_its_figures(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LARGEST_LOSS", {role: dict.fromkeys(limits, -10.0) for role, limits in LOOSE.items()})
    refused = run("quantize", "--config", site)
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "the detector network in int8 is refused on 6 rendered images: capillary_ap50 went from 0." in refused.stderr
    assert not (site.parent / "cache").exists()


def test_the_list_tells_variants_and_what_has_become_of_them(site: Path) -> None:
    assert run("quantize", "--config", site).exit_code == 0
    assert run("list", "--config", site).stdout.count("accepted on 6 images") == 2
    record = variant_paths(site.parent / "cache", "detector", "int8", "onnxruntime")[1]
    record.write_text(record.read_text().replace('"source_sha256": "', '"source_sha256": "0'))
    assert run("list", "--config", site).stdout.count("UNUSABLE") == 1


def test_int8_is_compiled_for_tensorrt_from_the_accepted_network(site: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="needs the rtx extra to compile without a GPU")
    site.write_text(site.read_text() + 'runtime = "tensorrt"\ntensorrt_flavour = "tensorrt_rtx"\nprecision = "int8"\n')
    unready = run("build", "--config", site, "--compute-capability", "8.6")
    assert unready.exit_code == 1
    assert "nailfold engines quantize" in unready.stderr
    assert run("quantize", "--config", site).exit_code == 0
    built = run("build", "--config", site, "--compute-capability", "8.6")
    assert built.exit_code == 0, built.stderr
    assert built.stdout.count("int8\n") == 2
    assert run("list", "--config", site).stdout.count("GPU 8.6, int8, for these weights") == 2


class _Counting:
    """A variant that writes down whose turn it was."""

    runtime, engines = "r", {}

    def __init__(self, precision: str, turns: list[str]) -> None:
        self.precision, self.name, self._turns = precision, precision, turns

    def work(self, measure: str, picture: object, index: int) -> Any:
        return lambda: self._turns.append(f"{measure}{index}{self.name}")


def test_variants_take_turns_within_every_round() -> None:
    turns: list[str] = []
    rounds = Rounds([_Counting("a", turns), _Counting("b", turns)])  # type: ignore[list-item]
    pictures = [np.zeros((480, 640, 3), np.uint8)]
    rounds.run(0, pictures, is_counted=False)
    turns.clear()
    rounds.run(0, pictures)
    rounds.run(1, pictures)
    assert turns[:2] == ["detector0a", "detector0b"]
    assert turns[6:8] == ["detector1b", "detector1a"]
    assert {len(rounds.samples_ms[name][measure]) for name in "ab" for measure in MEASURES} == {2}


def test_figures_are_those_of_the_samples() -> None:
    rounds = Rounds([_Counting("a", []), _Counting("b", [])])  # type: ignore[list-item]
    for name, samples in (("a", [10.0, 20.0, 40.0]), ("b", [5.0, 20.0, 10.0])):
        rounds.samples_ms[name] = {measure: list(samples) for measure in MEASURES}
    first, second = rounds.figures()
    assert (first["detector_ms"]["min"], first["detector_ms"]["p50"], first["detector_ms"]["max"]) == (10.0, 20.0, 40.0)
    assert first["frame_ms"]["ratio_to_first"] == 1.0
    assert second["frame_ms"]["ratio_to_first"] == 0.5, "the median of 0.5, 1 and 0.25"
    assert second["rounds"] == 3


def test_at_least_a_few_rounds_are_run_however_short_the_time() -> None:
    rounds = engines_benchmark.measure([_Counting("a", [])], seconds=0.0)  # type: ignore[list-item]
    assert len(rounds.samples_ms["a"]["frame"]) == engines_benchmark.MIN_ROUNDS
