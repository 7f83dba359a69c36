"""What every board does alike: the simulated one, and pins of a real GPIO chip where the kernel has one to spare.

The real chip is the kernel's cp2112 driver over a device of software (tests/hardware/cp2112.py); it needs /dev/uhid, so
it runs in the virtual machine of tests/hardware. Debian's kernel has neither gpio-sim nor gpio-mockup.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.board import BoardModel
from firmware.chips_there import ChipsThere
from firmware.errors import FirmwareError
from firmware.open_board import OpenBoard, open_board
from firmware.protocol import Action, Button, Phase, StationStatus
from firmware.service import Firmware
from firmware.settings import FirmwareSettings
from firmware.simulated import simulated_board
from tests.support.firmware_station import AT_WORK, FirmwareStation

sys.path.insert(0, str(Path(__file__).parents[1] / "hardware"))
from cp2112 import LABEL, UHID, Cp2112

_LINES = {Button.CAPTURE: 0, Button.FREEZE: 1, Button.PEDAL: 2, Button.SHUTDOWN: 3}
_LED_LINE = 4
_PINS = {f"{button.value}_pin": f"{LABEL}:{line}" for button, line in _LINES.items()}


@dataclass
class Rig:
    """A board that can be opened again and again, and what a person does with it."""

    settings: FirmwareSettings
    open: Callable[[], OpenBoard]
    press: Callable[[OpenBoard, Button, bool], None]
    slowest_edge_s: float
    lamp_is_on: Callable[[OpenBoard], bool]


@pytest.fixture(params=["simulated", "cp2112"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    settings = FirmwareSettings(
        socket=tmp_path / "board.sock",
        finish_hold_s=0.6,
        shutdown_hold_s=0.6,
        shutdown_file=tmp_path / "power-off",
        led_pin=f"{LABEL}:{_LED_LINE}",
        **_PINS,  # type: ignore[arg-type]
    )
    with ExitStack() as leaving:
        if request.param == "simulated":
            yield simulated_rig(settings)
        elif not UHID.exists():
            pytest.skip("this kernel has no /dev/uhid for a GPIO chip of software")
        else:
            yield real_rig(settings, leaving.enter_context(Cp2112()))


def simulated_rig(settings: FirmwareSettings) -> Rig:
    def press(board: OpenBoard, button: Button, is_pressed: bool) -> None:
        assert board.press is not None
        board.press(button, is_pressed)

    return Rig(settings, simulated_board, press, 0.001, lambda board: bool(board.lamp._pin.state))  # type: ignore[union-attr]


def real_rig(settings: FirmwareSettings, device: Cp2112) -> Rig:
    return Rig(
        settings,
        lambda: open_board(settings, BoardModel("generic", "virtual machine")),
        lambda _, button, is_pressed: device.short(_LINES[button], is_pressed),
        0.25,  # the driver asks the device for its levels now and then
        lambda _: device.is_high(_LED_LINE),
    )


@pytest.fixture
def board(rig: Rig) -> OpenBoard:
    return rig.open()


@pytest.fixture
def station(rig: Rig, board: OpenBoard) -> Iterator[FirmwareStation]:
    firmware = Firmware(board, rig.settings, "nailfold 0.1.0")
    firmware.start()
    with FirmwareStation(rig.settings.socket) as connected:
        yield connected
    firmware.stop()


def await_so(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 5.0
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_all_that_is_named_is_there(board: OpenBoard, station: FirmwareStation) -> None:
    assert (set(board.contacts), board.problem) == (set(Button), "")
    assert board.lamp is not None


@pytest.mark.parametrize("button", list(Button))
def test_a_press_is_told_once_with_its_moment_and_so_is_letting_go(
    rig: Rig, board: OpenBoard, station: FirmwareStation, button: Button
) -> None:
    station.await_state(lambda state: state.pressed == ())
    for action in (Action.PRESSED, Action.RELEASED):
        time.sleep(rig.slowest_edge_s)  # until what the chip still had to tell is told
        before_s = time.monotonic()
        rig.press(board, button, action is Action.PRESSED)
        after_s = time.monotonic()
        event = station.await_event()
        assert (event.button, event.action) == (button, action)
        assert before_s <= event.at_monotonic_s <= after_s + rig.slowest_edge_s


def test_a_bouncing_contact_is_one_press(rig: Rig, board: OpenBoard, station: FirmwareStation) -> None:
    station.await_state(lambda state: state.pressed == ())
    for is_closed in (True, False, True, False, True):
        rig.press(board, Button.CAPTURE, is_closed)
    assert station.await_event().action is Action.PRESSED
    rig.press(board, Button.CAPTURE, False)
    assert station.await_event().action is Action.RELEASED


def test_two_buttons_at_once_are_two(rig: Rig, board: OpenBoard, station: FirmwareStation) -> None:
    station.await_state(lambda state: state.pressed == ())
    for button in (Button.CAPTURE, Button.PEDAL):
        rig.press(board, button, True)
    told = {station.await_event().button, station.await_event().button}
    assert told == {Button.CAPTURE, Button.PEDAL}
    station.await_state(lambda state: set(state.pressed) == told)


def test_holding_confirms_the_shutdown(rig: Rig, board: OpenBoard, station: FirmwareStation) -> None:
    station.await_state(lambda state: state.pressed == ())
    rig.press(board, Button.SHUTDOWN, True)
    assert [station.await_event().action for _ in range(2)] == [Action.PRESSED, Action.HELD]
    assert rig.settings.shutdown_file is not None
    await_so(rig.settings.shutdown_file.exists)


def test_the_lamp_lights_up(rig: Rig, board: OpenBoard, station: FirmwareStation) -> None:
    station.send(StationStatus(phase=Phase.LIVE, progress=AT_WORK))
    station.await_state(lambda state: state.lamp == "live")
    await_so(lambda: rig.lamp_is_on(board))


def test_its_lines_can_be_taken_again_after_a_stop(rig: Rig) -> None:
    for _ in range(2):
        board = rig.open()
        firmware = Firmware(board, rig.settings, "nailfold 0.1.0")
        firmware.start()
        firmware.stop()
        assert board.problem == ""


def test_a_cp2112_is_seen_to_go_and_to_come(tmp_path: Path) -> None:
    if not UHID.exists():
        pytest.skip("this kernel has no /dev/uhid for a GPIO chip of software")
    settings = FirmwareSettings(socket=tmp_path / "board.sock", led_pin=f"{LABEL}:{_LED_LINE}")
    with Cp2112():
        there = ChipsThere(settings, "generic")
        there.require_unchanged()
    with pytest.raises(FirmwareError, match="is gone"):
        there.require_unchanged()
    missing = ChipsThere(settings, "generic")
    missing.require_unchanged()
    with Cp2112(), pytest.raises(FirmwareError, match="has come"):
        missing.require_unchanged()
