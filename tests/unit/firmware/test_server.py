"""One station at a time, over a socket that outlives both sides."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.protocol import LONGEST_LINE, Goodbye, Hello, Refused, SetLight
from firmware.server import FromStation, StationSocket
from tests.support.firmware_station import FirmwareStation


class Log:
    """What the socket told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def came(self) -> None:
        self.told.append("came")

    def heard(self, message: FromStation) -> None:
        self.told.append(message)
        if isinstance(message, SetLight):
            raise FirmwareError("there is no light", "Connect one.")

    def went(self) -> None:
        self.told.append("went")

    def await_told(self, what: object, times: int = 1) -> None:
        deadline_s = time.monotonic() + 5.0
        while self.told.count(what) < times:
            assert time.monotonic() < deadline_s, self.told
            time.sleep(0.005)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "board.sock"


@pytest.fixture
def server(path: Path, log: Log) -> Iterator[StationSocket]:
    running = StationSocket(path, "nailfold 0.1.0", log.came, log.heard, log.went)
    running.start()
    yield running
    running.stop()


def test_both_sides_greet_and_the_socket_is_its_groups_alone(server: StationSocket, path: Path, log: Log) -> None:
    assert path.stat().st_mode & 0o777 == 0o660
    with FirmwareStation(path) as station:
        assert station.greeted_by == Hello(software="nailfold 0.1.0")
        log.await_told("came")
        assert server.has_station
        station.send(Goodbye())
        log.await_told(Goodbye())
    log.await_told("went")
    assert not server.has_station


def test_a_second_station_is_refused_and_the_first_goes_on(server: StationSocket, path: Path, log: Log) -> None:
    with FirmwareStation(path) as first:
        log.await_told("came")
        with FirmwareStation(path) as second:
            assert "another station" in second.await_refusal()
            with pytest.raises(OSError, match="closed"):
                second.receive()
        assert server.send(Refused(reason="still here"))
        assert first.await_refusal() == "still here"
    assert log.told.count("came") == 1


def test_a_station_that_was_killed_can_come_back(server: StationSocket, path: Path, log: Log) -> None:
    for times in (1, 2, 3):
        FirmwareStation(path).close()
        log.await_told("went", times)
    assert log.told.count("came") == 3


def test_what_cannot_be_done_is_refused_and_the_connection_stays(server: StationSocket, path: Path) -> None:
    with FirmwareStation(path) as station:
        for _ in range(2):
            station.send(SetLight(level=0.5))
            assert station.await_refusal() == "there is no light. Connect one."


def test_another_version_is_told_so_and_let_go(server: StationSocket, path: Path, log: Log) -> None:
    with FirmwareStation(path, Hello(version=2, software="nailfold 9")) as station:
        assert "speaks version 2, this one 1" in station.await_refusal()
        with pytest.raises(OSError, match="closed"):
            station.receive()
    assert log.told == []


@pytest.mark.parametrize("line", [b"x" * (LONGEST_LINE + 1), b"nonsense\n", b'{"type":"leaving"}\n'])
def test_what_is_no_greeting_ends_the_connection_and_not_the_firmware(
    server: StationSocket, path: Path, log: Log, line: bytes
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.connect(str(path))
        stranger.settimeout(5.0)
        stranger.sendall(line)
        heard = b""
        with contextlib.suppress(ConnectionResetError):  # what it did not read of a line that is too long
            while read := stranger.recv(4096):
                heard += read
    assert b"refused" in heard
    FirmwareStation(path).close()
    log.await_told("went")


def test_nobody_hears_while_there_is_no_station(server: StationSocket) -> None:
    assert not server.send(Refused(reason="hello?"))


def test_a_station_that_takes_nothing_is_let_go_instead_of_waited_for(
    server: StationSocket, path: Path, log: Log
) -> None:
    with FirmwareStation(path):
        log.await_told("came")
        began_s = time.monotonic()
        while server.send(Refused(reason="x" * 500)):
            assert time.monotonic() - began_s < 20.0
        log.await_told("went")


def test_a_socket_that_a_dead_firmware_left_is_replaced_and_a_living_ones_is_not(path: Path, log: Log) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_over:
        left_over.bind(str(path))
    server = StationSocket(path, "a", log.came, log.heard, log.went)
    server.start()
    with pytest.raises(FirmwareError, match="another firmware serves"):
        StationSocket(path, "b", log.came, log.heard, log.went).start()
    server.stop()
    assert not path.exists()


def test_a_file_in_its_place_is_left_alone(path: Path, log: Log) -> None:
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(FirmwareError, match="cannot be made"):
        StationSocket(path, "a", log.came, log.heard, log.went).start()
    assert path.read_text() == "mine"


def test_a_path_longer_than_the_kernel_takes_serves_all_the_same(tmp_path: Path, log: Log) -> None:
    path = tmp_path / ("long" * 30) / "board.sock"
    server = StationSocket(path, "a", log.came, log.heard, log.went)
    server.start()
    FirmwareStation(path).close()
    log.await_told("went")
    server.stop()
    assert not path.exists()
