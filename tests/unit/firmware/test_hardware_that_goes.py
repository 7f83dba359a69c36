"""A chip that is pulled out, comes late, or does not answer: said, and nothing else stops for it."""

import re
import threading
from collections.abc import Callable

import pytest

from firmware.board import GpioChip
from firmware.buttons import Buttons
from firmware.chips_there import ChipsThere
from firmware.errors import FirmwareError
from firmware.let_go import let_go
from firmware.protocol import Action, Button, ButtonEvent
from firmware.settings import FirmwareSettings

SETTINGS = FirmwareSettings(capture_pin="expander:0", led_pin="29")
EXPANDER, OTHER = GpioChip("/dev/gpiochip1", "expander", 8), GpioChip("/dev/gpiochip2", "other", 8)


class Contact:
    """Of a chip that may fail."""

    def __init__(self) -> None:
        self.is_shorted, self.fails = False, False
        self.on_edge: Callable[[bool, float], None] = lambda _is_closed, _at_s: None
        self.was_closed = False

    def is_closed(self) -> bool:
        if self.fails:
            raise OSError("no such device")
        return self.is_shorted

    def watch(self, on_edge: Callable[[bool, float], None]) -> None:
        self.on_edge = on_edge

    def close(self) -> None:
        self.was_closed = True
        if self.fails:
            raise OSError("no such device")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((EXPANDER,), (), "the GPIO chip expander is gone"),
        ((), (EXPANDER,), "the GPIO chip expander has come"),
        ((EXPANDER, OTHER), (EXPANDER,), ""),
        ((OTHER,), (OTHER, EXPANDER), "the GPIO chip expander has come"),
    ],
)
def test_only_a_chip_that_is_named_matters(
    before: tuple[GpioChip, ...], after: tuple[GpioChip, ...], said: str
) -> None:
    there = [before]
    chips = ChipsThere(SETTINGS, "generic", lambda: there[0])
    chips.require_unchanged()
    there[0] = after
    if said:
        with pytest.raises(FirmwareError, match=re.escape(said)):
            chips.require_unchanged()
    else:
        chips.require_unchanged()


def test_a_chip_that_goes_while_it_is_asked_is_gone() -> None:
    def chips_now() -> tuple[GpioChip, ...]:
        return there.pop() if there else going()

    there = [(EXPANDER,)]
    chips = ChipsThere(SETTINGS, "generic", chips_now)
    with pytest.raises(FirmwareError, match="is gone"):
        chips.require_unchanged()


def going() -> tuple[GpioChip, ...]:
    raise OSError("no such device")


def test_without_pins_no_chip_is_asked() -> None:
    ChipsThere(FirmwareSettings(), "generic", going).require_unchanged()


def test_a_contact_that_cannot_be_read_is_named_and_the_others_go_on() -> None:
    broken, sound = Contact(), Contact()
    broken.fails = True
    pressed, events = threading.Event(), []

    def emit(event: ButtonEvent) -> None:
        events.append(event)
        pressed.set()

    buttons = Buttons({Button.CAPTURE: broken, Button.PEDAL: sound}, 0.001, {}, emit)
    buttons.start()
    sound.is_shorted = True
    assert pressed.wait(10)
    assert (events[0].button, events[0].action) == (Button.PEDAL, Action.PRESSED)
    assert buttons.problem == "capture cannot be read: no such device"
    pressed.clear()
    broken.fails, broken.is_shorted = False, True
    assert pressed.wait(10), "it answers again"
    assert (events[1].button, buttons.problem) == (Button.CAPTURE, "")
    broken.fails = True
    buttons.stop()
    assert (broken.was_closed, sound.was_closed) == (True, True)


def test_what_cannot_be_let_go_of_is_named(caplog: pytest.LogCaptureFixture) -> None:
    let_go("the status LED", going)
    assert "the status LED could not be let go of" in caplog.text
