"""SIGTERM before the station hears it itself: while libraries are loaded and settings are read."""

import signal
import subprocess
import sys

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
