"""A service that is asked to stop hears it, whichever of its threads the kernel hands the signal to."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Threads that are started all the time take every second signal from a main thread that sleeps.
_BUSY = """
import os, threading
from firmware.stop_signals import StopSignals

stopping = StopSignals(lambda number: print(number.name, flush=True))

def start_others():
    while True:
        one = threading.Thread(target=int)
        one.start()
        one.join()

for _ in range(2):
    threading.Thread(target=start_others, daemon=True).start()
assert not stopping.wait(0.01)
print("ready", flush=True)
assert stopping.wait()
os._exit(0)
"""
_FROM_ANOTHER_THREAD = """
import threading
from firmware.stop_signals import StopSignals

stopping = StopSignals()
threading.Timer(0.05, stopping.set).start()
assert stopping.wait(60) and stopping.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_signal_is_lost_to_a_thread_that_is_being_started(number: signal.Signals) -> None:
    processes = [_started(_BUSY) for _ in range(6)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
        for process in processes:
            assert process.wait(20) == 0
            assert process.stdout is not None
            assert process.stdout.read() == f"{number.name}\n"
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_another_thread_may_ask_too() -> None:
    with _started(_FROM_ANOTHER_THREAD) as process:
        assert process.wait(20) == 0


def test_services_wait_for_signals_in_this_way_alone() -> None:
    """Elsewhere a handler ends a loop of Python at work, which no signal can miss."""
    at_work = {"appliance/apps/analyze/analyze.py", "appliance/apps/workbench/datasets/datasets.py"}
    ignored = {"appliance/limited_process.py"}
    ended_at_once = {"appliance/apps/station/leaving.py"}  # While libraries load and nothing waits for anything.
    found = {
        str(path.relative_to(ROOT))
        for folder in ("appliance", "firmware", "webui")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bsignal\.signal\(", path.read_text())
    }
    assert found == at_work | ignored | ended_at_once | {"firmware/stop_signals.py"}


def _started(program: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
