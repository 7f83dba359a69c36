"""A start that makes progress is never ended by a clock; one that stands still is."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from appliance.apps.station.start_pulse import StartPulse, Work
from firmware.protocol import Goodbye, Phase, StationStatus
from firmware.server import FromStation, StationSocket
from firmware.settings import FirmwareSettings

EVERY_S = 0.02
AN_HOUR_S = 3600.0


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[socket.socket]:
    """What systemd hears."""
    path = str(tmp_path_factory.mktemp("n") / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(10.0)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield heard


def told(systemd: socket.socket) -> list[bytes]:
    """What has come so far."""
    systemd.setblocking(False)
    heard = []
    while True:
        try:
            heard.append(systemd.recv(200))
        except BlockingIOError:
            return heard


class Process:
    """So much more at every look."""

    def __init__(self, computed_s: float, read: int, before: float = 0.0) -> None:
        self._step, self._now = (computed_s, read), Work(before, 0)
        self.looks = 0

    def __call__(self) -> Work:
        self.looks += 1
        self._now = Work(self._now.computed_s + self._step[0], self._now.read + self._step[1])
        return self._now


def after_ten_looks(process: Process, systemd: socket.socket) -> list[bytes]:
    with StartPulse(process, EVERY_S):
        while process.looks < 10:
            time.sleep(EVERY_S)
    return told(systemd)


@pytest.mark.parametrize("process", [Process(EVERY_S / 2, 0), Process(0.0, 1)], ids=["it computes", "it reads"])
def test_systemd_gives_a_start_more_time_while_it_makes_progress(process: Process, systemd: socket.socket) -> None:
    heard = after_ten_looks(process, systemd)
    assert len(heard) >= 8
    assert all(message.startswith(b"EXTEND_TIMEOUT_USEC=120000000\nSTATUS=starting for ") for message in heard)


@pytest.mark.parametrize(
    "process",
    [Process(0.0, 0), Process(EVERY_S / 100, 0), Process(EVERY_S, 0, before=AN_HOUR_S)],
    ids=["it stands still", "it only turns over", "it computes for ever"],
)
def test_systemd_ends_a_start_that_gets_nowhere(process: Process, systemd: socket.socket) -> None:
    assert after_ten_looks(process, systemd) == []


def test_nothing_is_told_once_the_service_is_ready(systemd: socket.socket) -> None:
    process = Process(EVERY_S, 0)
    with StartPulse(process, EVERY_S) as pulse:
        systemd.recv(200)
        pulse.end()
        told(systemd)
        time.sleep(5 * EVERY_S)
        assert told(systemd) == []


@pytest.mark.parametrize(("process", "moves"), [(Process(EVERY_S, 0), True), (Process(0.0, 0), False)])
def test_the_firmware_hears_of_progress_and_of_none(
    process: Process, moves: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heard: list[FromStation] = []
    settings = FirmwareSettings(socket=tmp_path_factory.mktemp("f") / "board.sock")
    firmware = StationSocket(settings.socket, "firmware", lambda: None, heard.append, lambda: None)
    firmware.start()
    try:
        with StartPulse(process, EVERY_S) as pulse:
            pulse.tell_firmware(settings, "starting")
            until_s = time.monotonic() + 10.0
            while len(heard) < 5 and time.monotonic() < until_s:
                time.sleep(EVERY_S)
        while not isinstance(heard[-1], Goodbye) and time.monotonic() < until_s:
            time.sleep(EVERY_S)
    finally:
        firmware.stop()
    *told_before, last = heard
    assert isinstance(last, Goodbye), "the place is free for the station"
    counts = [one.progress.web for one in told_before if isinstance(one, StationStatus)]
    assert {one.phase for one in told_before if isinstance(one, StationStatus)} == {Phase.STARTING}
    assert (len(set(counts)) == len(counts)) is moves
    assert counts == sorted(counts)


def test_a_simulated_board_is_the_stations_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = FirmwareSettings(board="simulated", socket=tmp_path_factory.mktemp("f") / "board.sock")
    process = Process(EVERY_S, 0)
    with StartPulse(process, EVERY_S) as pulse:
        pulse.tell_firmware(settings, "starting")
        while process.looks < 3:
            time.sleep(EVERY_S)
    assert not settings.socket.exists()


def test_it_sees_this_process_compute() -> None:
    before = Work.done()
    ends_s = time.process_time() + 0.05
    while time.process_time() < ends_s:
        pass
    assert Work.done().computed_s - before.computed_s >= 0.04


def test_it_sees_a_process_that_it_started_compute_and_forgets_nothing_once_that_has_ended() -> None:
    before = Work.done().computed_s
    busy = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        while_it_runs = Work.done().computed_s
        child.communicate(b"\n")
    assert while_it_runs - before >= 0.25
    assert Work.done().computed_s >= while_it_runs
