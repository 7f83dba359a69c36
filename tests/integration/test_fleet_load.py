"""A small run of `make fleet-load`: broker, ingest worker and a third of the boxes are killed."""

import pytest

from tests.load.fleet_load import measure
from tests.support.broker import mosquitto_binary

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")


def test_nothing_is_lost_and_nothing_is_kept_twice_while_everything_is_killed_once() -> None:
    report = measure(boxes=6, results=8, processes=3, workers=2, database="sqlite")
    assert report["sent"] == report["stored"] == 48
    assert (report["lost"], report["duplicated"]) == (0, 0)
    assert report["processes_killed"] == {"broker": 1, "ingest": 1, "boxes": 2}
    assert 0 < report["rate_over_bare"] < 1
