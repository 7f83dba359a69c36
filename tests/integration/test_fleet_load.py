"""A small run of `make fleet-load`: broker, ingest worker and a third of the boxes are killed."""

import json
from pathlib import Path

import pytest

from tests.load.fleet_load import added, measure
from tests.support.broker import mosquitto_binary

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")


def test_nothing_is_lost_and_nothing_is_kept_twice_while_everything_is_killed_once() -> None:
    report = measure(boxes=6, results=8, processes=3, workers=2, database="sqlite")
    assert report["sent"] == report["stored"] == 48
    assert (report["lost"], report["duplicated"]) == (0, 0)
    assert report["processes_killed"] == {"broker": 1, "ingest": 1, "boxes": 2}
    spent_ms = report["processor_ms_per_result"]
    assert spent_ms.keys() == {"boxes", "ingest", "broker", "database"}
    assert 0 < report["rate_over_bare"] < 1
    assert 0 < report["rate_over_bare_fleet"] < 1
    assert report["ingest_per_s"] > 0
    assert min(spent_ms["boxes"], spent_ms["ingest"]) > 0  # so few results are less than a tick of the broker


def test_runs_add_up_and_their_rates_do_not(tmp_path: Path) -> None:
    run = {"sent": 10, "stored": 9, "lost": 1, "duplicated": 0, "boxes": 5, "rate_with_kills_per_s": 1.0}
    run |= {"rate_per_s": 4.0, "bare_per_s": 8.0, "rate_over_bare": 0.5, "ingest_per_s": 3.0, "ingest_over_bare": 0.75}
    file = tmp_path / "fleet.json"
    for rate in (4.0, 2.0, 9.0):
        file.write_text(json.dumps(added({**run, "rate_per_s": rate}, file)))
    whole = json.loads(file.read_text())
    assert (whole["sent"], whole["stored"], whole["lost"], whole["rate_per_s"]) == (30, 27, 3, 4.0)
    assert len(whole["runs"]) == 3
