"""The firmware as its station meets it, with the simulated board."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.open_board import OpenBoard
from firmware.protocol import Action, Button, Goodbye, Phase, SetLight, Simulate, StationStatus
from firmware.sd_notify import notify, watchdog_interval_s
from firmware.service import Firmware
from firmware.settings import FirmwareSettings
from firmware.simulated import simulated_board
from tests.support.firmware_station import AT_WORK, FirmwareStation


def settings_in(folder: Path, **changes: object) -> FirmwareSettings:
    defaults = FirmwareSettings(
        socket=folder / "board.sock", finish_hold_s=0.15, shutdown_hold_s=0.15, shutdown_file=folder / "power-off"
    )
    return replace(defaults, **changes)  # type: ignore[arg-type]


@contextmanager
def running(board: OpenBoard, settings: FirmwareSettings) -> Iterator[Firmware]:
    firmware = Firmware(board, settings, "nailfold 0.1.0")
    firmware.start()
    try:
        yield firmware
    finally:
        firmware.stop()


def press(board: OpenBoard, button: Button, is_pressed: bool = True) -> None:
    assert board.press is not None
    board.press(button, is_pressed)


def await_so(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 5.0
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_a_press_reaches_the_station_with_the_moment_it_was_made(tmp_path: Path) -> None:
    board, settings = simulated_board(), settings_in(tmp_path)
    with running(board, settings), FirmwareStation(settings.socket) as station:
        station.await_state(lambda state: state.buttons == tuple(Button))
        before_s = time.monotonic()
        press(board, Button.CAPTURE)
        after_s = time.monotonic()
        event = station.await_event()
        assert (event.button, event.action) == (Button.CAPTURE, Action.PRESSED)
        assert before_s <= event.at_monotonic_s <= after_s
        station.await_state(lambda state: state.pressed == (Button.CAPTURE,))
        press(board, Button.CAPTURE, False)
        assert station.await_event().action is Action.RELEASED


def test_the_page_presses_through_the_socket(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with running(simulated_board(), settings), FirmwareStation(settings.socket) as station:
        station.send(Simulate(button=Button.PEDAL, is_pressed=True))
        assert station.await_event().button is Button.PEDAL


def test_a_real_board_is_not_pressed_by_messages(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    real = OpenBoard("generic", "", problem="no pins")
    with running(real, settings), FirmwareStation(settings.socket) as station:
        state = station.await_state(lambda _: True)
        assert (state.buttons, state.lamp, state.light_level, state.problem) == ((), "", None, "no pins")
        station.send(Simulate(button=Button.CAPTURE, is_pressed=True))
        assert "real" in station.await_refusal()
        station.send(SetLight(level=1))
        assert "no ring light" in station.await_refusal()


def test_the_lamp_says_what_the_station_says(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with running(simulated_board(), settings), FirmwareStation(settings.socket) as station:
        for phase in (Phase.READY, Phase.LIVE, Phase.EXAM, Phase.FAULT):
            station.send(StationStatus(phase=phase, progress=AT_WORK))
            station.await_state(lambda state, phase=phase: state.lamp == phase.value)  # type: ignore[misc]


def test_the_light_is_as_bright_as_told_and_dark_at_the_end(tmp_path: Path) -> None:
    board, settings = simulated_board(), settings_in(tmp_path)
    assert board.light is not None
    with running(board, settings), FirmwareStation(settings.socket) as station:
        station.send(SetLight(level=0.75))
        station.await_state(lambda state: state.light_level == 0.75)
        assert board.light.level == 0.75
    assert board.light.level == 0.0


def test_a_press_that_nobody_hears_shows_on_the_lamp(tmp_path: Path) -> None:
    board, settings = simulated_board(), settings_in(tmp_path)
    with running(board, settings) as firmware:
        press(board, Button.CAPTURE)
        await_so(lambda: firmware.state.lamp == "unheard")


def test_shutdown_wants_to_be_held(tmp_path: Path) -> None:
    board, settings = simulated_board(), settings_in(tmp_path, shutdown_hold_s=0.4)
    flag = tmp_path / "power-off"
    with running(board, settings) as firmware:
        press(board, Button.SHUTDOWN)
        await_so(lambda: firmware.state.lamp == "confirm")
        press(board, Button.SHUTDOWN, False)
        await_so(lambda: firmware.state.lamp != "confirm")
        assert not flag.exists()
        press(board, Button.SHUTDOWN)
        await_so(flag.exists)


def test_a_shutdown_that_nobody_set_up_does_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    board, settings = simulated_board(), settings_in(tmp_path, shutdown_file=None)
    with running(board, settings):
        press(board, Button.SHUTDOWN)
        await_so(lambda: "nothing happens" in caplog.text)


def test_a_station_that_vanishes_shows_as_a_fault_and_one_that_left_does_not(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, start_limit_s=0.3)
    with running(simulated_board(), settings) as firmware:
        with FirmwareStation(settings.socket) as station:
            station.send(StationStatus(phase=Phase.LIVE, progress=AT_WORK))
            station.await_state(lambda state: state.lamp == "live")
            station.send(Goodbye())
            station.send(StationStatus(phase=Phase.READY, progress=AT_WORK))
            station.await_state(lambda state: state.lamp == "ready")
        await_so(lambda: firmware.state.lamp == "starting")
        FirmwareStation(settings.socket).close()
        await_so(lambda: firmware.state.lamp == "fault")


def test_a_watchdog_that_is_not_there_stops_the_firmware_from_starting(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, watchdog="no such device")
    with pytest.raises(FirmwareError, match="no hardware watchdog"):
        Firmware(simulated_board(), settings, "nailfold 0.1.0").start()
    assert not settings.socket.exists()
    with running(simulated_board(), settings_in(tmp_path)) as firmware:
        assert "is set" in firmware.state.watchdog.reason
        assert firmware.is_working


@pytest.mark.parametrize("address", ["path", "abstract"])
def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    name = str(tmp_path / "notify") if address == "path" else f"@nailfold-{threading.get_native_id()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name.replace("@", "\0"))
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_systemd_is_heard_only_where_it_means_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    assert watchdog_interval_s() is None
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert watchdog_interval_s() == 15.0
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_interval_s() is None
