"""A process that is asked to stop stops, whatever its threads do."""

import subprocess
import sys
import time

_CAUGHT = """
import concurrent.futures, signal, threading, time
from appliance.apps.station.leaving import leave_after, leave_at_once

stopping = threading.Event()

def stop(*_):
    leave_after(1.0)
    stopping.set()

signal.signal(signal.SIGTERM, stop)
pool = concurrent.futures.ThreadPoolExecutor(1)
pool.submit(lambda: [time.sleep(0.1) for _ in iter(int, 1)])  # an endless page
print("ready", flush=True)
stopping.wait()
{ending}
"""


def stopped(ending: str) -> tuple[int, float]:
    """Exit code and seconds after SIGTERM."""
    command = [sys.executable, "-c", _CAUGHT.format(ending=ending)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began_s = time.monotonic()
        process.terminate()
        return process.wait(20), time.monotonic() - began_s


def test_a_worker_that_never_ends_does_not_keep_the_process() -> None:
    code, took_s = stopped("leave_at_once(0)")

    assert code == 0
    assert took_s < 5.0


def test_a_part_that_does_not_stop_is_left_behind() -> None:
    code, took_s = stopped("threading.Event().wait()")

    assert code == 0
    assert took_s < 8.0
