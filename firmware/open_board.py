"""The board that the settings name, as far as it is there: what is missing is said, and the rest works."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from firmware.board import BoardModel, identify_board
from firmware.buttons import Contact
from firmware.errors import FirmwareError
from firmware.gpio import GpioContact, GpioLamp
from firmware.lamp import Lamp
from firmware.pin_map import line_of, pwm_of
from firmware.protocol import Button
from firmware.ring_light import PwmLight, RingLight
from firmware.settings import FirmwareSettings

_log = logging.getLogger(__name__)
_NO_PINS = "no pins are named in the settings; the browser's buttons, keys and USB pedals work without them"
Part = TypeVar("Part")
Factory = Callable[[str], Any]
"""gpiozero's pin factory of the chip with a label. Raises FirmwareError."""


@dataclass(frozen=True)
class OpenBoard:
    """What there is.

    Attributes:
        name, model: as `firmware.board.Board`.
        problem: why parts are missing; empty where all that the settings name is there.
        release: lets go of the chips, once nothing uses their lines any more.
        press: opens or closes a contact of a simulated board; None on a real one.
    """

    name: str
    model: str
    contacts: Mapping[Button, Contact] = field(default_factory=dict)
    lamp: Lamp | None = None
    light: RingLight | None = None
    problem: str = ""
    release: Callable[[], None] = lambda: None
    press: Callable[[Button, bool], None] | None = None

    @property
    def is_simulated(self) -> bool:
        return self.press is not None


def _chip(label: str) -> Any:
    # Not at the top: lgpio starts a thread and makes a pipe as it is imported, which a station has no use for.
    from firmware.pin_factory import ChipLabelFactory  # noqa: PLC0415

    return ChipLabelFactory(label)


def open_board(settings: FirmwareSettings, board: BoardModel | None = None, factory_of: Factory = _chip) -> OpenBoard:
    """Every part that the settings name and that can be opened; the others are in `problem`, each with its remedy."""
    board = board or identify_board()
    factories: dict[str, Any] = {}
    problems: list[str] = []

    def pin(name: str) -> Any:
        line = line_of(name, board.name)
        if line.chip_label not in factories:
            factories[line.chip_label] = factory_of(line.chip_label)
        return factories[line.chip_label].pin(f"GPIO{line.offset}")

    def contact(name: str) -> Contact:
        return GpioContact(pin(name))

    def opened(what: str, make: Callable[[], Part]) -> Part | None:
        try:
            return make()
        except FirmwareError as error:
            problems.append(f"{what}: {error}")
        except Exception as error:  # lgpio and gpiozero each have errors of their own: a line in use, no such line
            problems.append(f"{what}: {type(error).__name__}: {error}")
        return None

    named = _named_buttons(settings)
    contacts = {button: opened(button.value, partial(contact, name)) for button, name in named.items()}
    lamp = opened("LED", lambda: GpioLamp(pin(settings.led_pin))) if settings.led_pin else None
    light = opened("light", lambda: PwmLight(pwm_of(settings.light_pwm, board.name))) if settings.light_pwm else None
    if not (named or settings.led_pin or settings.light_pwm):
        problems.append(_NO_PINS)
    for problem in problems:
        _log.warning("board %s: %s", board.name, problem)
    there = {button: contact for button, contact in contacts.items() if contact is not None}

    def release() -> None:
        for factory in factories.values():
            factory.close()

    return OpenBoard(board.name, board.model, there, lamp, light, "; ".join(problems)[:500], release)


def _named_buttons(settings: FirmwareSettings) -> dict[Button, str]:
    pins = {
        Button.CAPTURE: settings.capture_pin,
        Button.FREEZE: settings.freeze_pin,
        Button.PEDAL: settings.pedal_pin,
        Button.SHUTDOWN: settings.shutdown_pin,
    }
    return {button: pin for button, pin in pins.items() if pin}
