"""SIGTERM before the station hears it itself: while libraries are loaded and settings are read."""

import signal
import subprocess
import sys
from pathlib import Path

from appliance.apps.config.engine_bundle import EngineBundles

PROGRAMME = """
import time
import appliance.apps.commands.run as run

def load(**_):
    print("loading", flush=True)
    time.sleep(300)

run.load = load
run.command([], standalone_mode=False)
"""


def test_a_station_that_is_asked_to_stop_while_it_starts_ends_at_once_with_0() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAMME], stdout=subprocess.PIPE, text=True) as starting:
        assert starting.stdout is not None
        assert starting.stdout.readline() == "loading\n"
        starting.send_signal(signal.SIGTERM)
        assert starting.wait(30) == 0


STOPPED_BEFORE_IT_COUNTS = """
import os, signal, sys
from types import SimpleNamespace
from pathlib import Path
import appliance.apps.station.run as run

def active(bundles):
    os.kill(os.getpid(), signal.SIGTERM)
    return real(bundles)

real = run.EngineBundles.active
run.EngineBundles.active = active
run.leave_after = lambda _: None
station = SimpleNamespace(log_level="info", data_dir=Path(sys.argv[1]))
print(run.run_station(SimpleNamespace(settings=SimpleNamespace(station=station)), lambda: None))
"""


def test_a_start_that_is_stopped_at_once_is_no_trial_of_its_networks(tmp_path: Path) -> None:
    bundles = EngineBundles(tmp_path)
    bundles.choose("new")
    ran = subprocess.run(
        [sys.executable, "-c", STOPPED_BEFORE_IT_COUNTS, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=True
    )
    assert ran.stdout == "False\n"
    assert bundles.active().starts == 0
