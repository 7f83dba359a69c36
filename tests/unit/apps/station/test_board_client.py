"""Station and firmware over a real socket: each outlives the other's restart."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.apps.station.board_client import BoardClient
from appliance.apps.station.box_board import StationBoard, StationPhase
from appliance.domain.box_board import NO_BOARD
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import BoardError, SettingsError
from appliance.domain.exam import ImageKind
from firmware.open_board import OpenBoard
from firmware.protocol import Action, Button, ButtonEvent, Phase, StationStatus
from firmware.service import Firmware
from firmware.settings import FirmwareSettings
from firmware.simulated import simulated_board
from tests.support.firmware_station import AT_WORK
from tests.support.small_exam import SmallExam


def await_so(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10.0
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.fixture
def settings(tmp_path: Path) -> FirmwareSettings:
    return FirmwareSettings(board="simulated", socket=tmp_path / "board.sock", finish_hold_s=0.2)


@pytest.fixture
def events() -> list[ButtonEvent]:
    return []


@pytest.fixture
def client(settings: FirmwareSettings, events: list[ButtonEvent]) -> Iterator[BoardClient]:
    made = BoardClient(settings.socket, "nailfold test", events.append)
    made.start()
    yield made
    made.stop(5.0)


def started(settings: FirmwareSettings, board: OpenBoard | None = None) -> Firmware:
    firmware = Firmware(board or simulated_board(), settings, "nailfold test")
    firmware.start()
    return firmware


def test_presses_arrive_and_the_light_is_set(
    settings: FirmwareSettings, client: BoardClient, events: list[ButtonEvent]
) -> None:
    firmware = started(settings)
    await_so(lambda: client.state.is_connected)
    client.press("capture", True)
    await_so(lambda: client.state.pressed == ("capture",))
    assert [(event.button, event.action) for event in events] == [(Button.CAPTURE, Action.PRESSED)]
    client.set_light(0.25)
    await_so(lambda: client.state.light_level == 0.25)
    firmware.stop()


def test_the_firmware_may_restart(settings: FirmwareSettings, client: BoardClient, events: list[ButtonEvent]) -> None:
    for times in (1, 2):
        firmware = started(settings)
        await_so(lambda: client.state.is_connected)
        client.press("pedal", True)
        await_so(lambda times=times: len(events) == times)  # type: ignore[misc]
        firmware.stop()
        await_so(lambda: not client.state.is_connected)
        assert client.state.reason != ""


def test_the_station_may_restart_and_only_an_orderly_one_is_forgiven(settings: FirmwareSettings) -> None:
    firmware = started(settings)
    for _ in range(2):
        client = BoardClient(settings.socket, "nailfold test", lambda _: None)
        client.start()
        await_so(lambda client=client: client.state.is_connected)  # type: ignore[misc]
        assert client.tell(StationStatus(phase=Phase.EXAM, progress=AT_WORK))
        await_so(lambda client=client: client.state.lamp == "exam")  # type: ignore[misc]
        client.stop(5.0)
        await_so(lambda: firmware.state.lamp == "starting")
    firmware.stop()


def test_without_firmware_all_works_but_the_buttons_and_the_reason_is_told(client: BoardClient) -> None:
    await_so(lambda: "No such file" in client.state.reason)
    assert not client.tell(StationStatus(phase=Phase.READY, progress=AT_WORK))
    with pytest.raises(BoardError, match=r"no ring light that can be set\. no firmware answers"):
        client.set_light(1.0)
    with pytest.raises(BoardError, match="pressed by hand"):
        client.press("capture", True)


def test_a_board_without_pins_is_no_fault(settings: FirmwareSettings, client: BoardClient) -> None:
    firmware = started(settings, OpenBoard("generic", "a computer", problem="no pins are named"))
    await_so(lambda: client.state.is_connected)
    assert (client.state.buttons, client.state.light_level) == ((), None)
    assert client.state.reason == "no pins are named"
    with pytest.raises(BoardError, match="by hand"):
        client.press("capture", True)
    firmware.stop()


def test_a_second_station_waits_until_the_first_has_gone(settings: FirmwareSettings, client: BoardClient) -> None:
    firmware = started(settings)
    await_so(lambda: client.state.is_connected)
    second = BoardClient(settings.socket, "nailfold two", lambda _: None)
    second.start()
    time.sleep(0.1)
    assert not second.state.is_connected, "one station at a time"
    client.stop(5.0)
    await_so(lambda: second.state.is_connected)
    second.stop(5.0)
    firmware.stop()


def test_a_simulated_board_works_an_exam_through_the_real_socket(settings: FirmwareSettings) -> None:
    exam = SmallExam(pictures=2)
    board = StationBoard(settings, "nailfold test", exam.session, exam.history)
    board.start()
    await_so(lambda: board.state.is_connected)
    assert board.state.is_simulated
    board.press("freeze", True)
    await_so(lambda: board.outcome.presses >= 1)
    board.stop(5.0)
    assert exam.kept(ImageKind.STILL) == 0


def test_a_second_simulated_board_on_the_same_socket_is_refused(settings: FirmwareSettings) -> None:
    exam = SmallExam()
    first = StationBoard(settings, "nailfold test", exam.session, exam.history)
    first.start()
    second = StationBoard(settings, "nailfold test", exam.session, exam.history)
    with pytest.raises(SettingsError, match="another firmware serves"):
        second.start()
    second.stop(1.0)
    first.stop(5.0)


def test_a_station_without_a_board_says_so(tmp_path: Path) -> None:
    exam = SmallExam()
    settings = FirmwareSettings(board="none", socket=tmp_path / "s")
    board = StationBoard(settings, "nailfold test", exam.session, exam.history)
    board.start()
    board.tell(StationStatus(phase=Phase.READY, progress=AT_WORK))
    assert board.state == NO_BOARD
    with pytest.raises(BoardError, match="no board"):
        board.press("capture", True)
    with pytest.raises(BoardError, match="no board"):
        board.set_light(1.0)
    board.stop(1.0)


@pytest.mark.parametrize(
    ("camera", "problem", "is_examining", "phase"),
    [
        (CameraPhase.STARTING, "", False, Phase.READY),
        (CameraPhase.LIVE, "", False, Phase.LIVE),
        (CameraPhase.LIVE, "", True, Phase.EXAM),
        (CameraPhase.LIVE, "the engine failed", True, Phase.FAULT),
        (CameraPhase.LOST, "", False, Phase.READY),
        (CameraPhase.LOST, "", True, Phase.FAULT),
        (CameraPhase.ENDED, "", False, Phase.READY),
    ],
)
def test_the_lamp_tells_how_the_station_fares(
    camera: CameraPhase, problem: str, is_examining: bool, phase: Phase
) -> None:
    state = CameraState(camera, None, "unplugged", 0, 0, 0.0)
    told = StationPhase(lambda: state, lambda: problem, lambda: is_examining)
    assert told()[0] is phase
