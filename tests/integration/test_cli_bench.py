"""`nailfold bench` measures what it says; how fast this computer is, is not tested."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.apps import extras
from appliance.apps.cli import main
from appliance.apps.workbench.bench import bench, side_by_side
from appliance.apps.workbench.bench import browser as bench_browser
from appliance.apps.workbench.bench import station as bench_station
from appliance.apps.workbench.bench.engines import TimedEngine, summarise, time_runs
from appliance.apps.workbench.bench.station import percentiles
from appliance.domain.errors import SettingsError

HAS_CHROMIUM = any(shutil.which(name) for name in ("chromium", "google-chrome")) or "NAILFOLD_CHROMIUM" in os.environ
KEYS = {"detector_ms", "keypoints_ms", "pipeline_over_engines", "frames_per_s", "capture_to_paint_ms", "rss_growth_mb"}


@pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Chromium")
def test_all_figures_are_measured_on_the_real_station_with_a_real_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_station, "WARM_UP_S", 1.0)
    monkeypatch.setattr(bench, "QUICK_S", 4.0)
    monkeypatch.setattr(bench, "QUICK_RUNS", 3)
    monkeypatch.setattr(bench, "QUICK_TURN_S", 3.0)
    monkeypatch.setattr(side_by_side, "WARM_UP_S", 1.0)
    monkeypatch.setattr(side_by_side, "VIDEO_S", 1.0)
    result = CliRunner().invoke(main, ["bench", "--quick", "--out", str(tmp_path / "reports/bench.json")])
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "reports/bench.json").read_text())
    assert figures.keys() >= KEYS
    assert figures["detector_ms"] > 0
    assert figures["pipeline_over_engines"] > 1, "the pipeline holds the networks"
    assert 0 < figures["frames_per_s"] < 33, "no more is painted than the scope gives"
    latency = figures["capture_to_paint_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["max"]
    assert figures["rss_mb"] > 50
    assert "frames_per_s" in result.stdout
    beside = figures["beside_a_plain_loop"]
    assert beside["frame_over_engines_of"] > 1
    assert beside["frames_per_s_over"] > 0
    plain, station = beside["rounds"][0]["plain"], beside["rounds"][0]["station"]
    assert plain["frames_per_s"] > 0
    assert station["cpu_ms_per_frame"] > 0


def test_a_missing_browser_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with (
        pytest.raises(SettingsError, match=r"needs playwright, .* extra \[rehearse\]: pip install"),
        bench_browser.live_page("http://x", "y"),
    ):
        pass


def test_percentiles_are_those_of_the_samples() -> None:
    samples = [float(value) for value in range(101)]
    assert percentiles(samples) == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert (summarise(samples).p50, summarise(samples).runs) == (50.0, 101)


def test_warm_up_runs_are_not_counted() -> None:
    calls: list[int] = []
    assert time_runs(lambda: calls.append(1), runs=4, warm_up_runs=3).runs == 4
    assert len(calls) == 7


def test_time_in_an_engine_is_added_up_even_when_it_fails() -> None:
    class Broken:
        def run(self, inputs: object) -> dict[str, object]:
            raise RuntimeError("no")

        def close(self) -> None:
            pass

    engine = TimedEngine(Broken())
    with pytest.raises(RuntimeError):
        engine.run({})
    assert engine.spent_ms > 0
