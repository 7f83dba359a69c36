"""A board of software: gpiozero's mock pins behind the same contacts and lamp, pressed by the operator's verbs."""

from gpiozero.pins.mock import MockFactory, MockPin

from firmware.gpio import GpioContact, GpioLamp
from firmware.open_board import OpenBoard
from firmware.protocol import Button

# Lines of the mock factory's Raspberry Pi that are nothing else.
_LINES = {Button.CAPTURE: 17, Button.FREEZE: 27, Button.PEDAL: 22, Button.SHUTDOWN: 23}
_LED_LINE = 24
NAME, MODEL = "simulated", "a board of software"


class SimulatedLight:
    """Remembers its brightness."""

    def __init__(self) -> None:
        self._level = 0.0

    @property
    def level(self) -> float:
        return self._level

    def set(self, level: float) -> None:
        if not 0 <= level <= 1:
            raise ValueError(f"brightness {level}; use 0 to 1")
        self._level = level

    def close(self) -> None:
        self._level = 0.0


def simulated_board() -> OpenBoard:
    """A board with every button, a LED and a light; `press` is its operator."""
    factory = MockFactory(revision="a02082", pin_class=MockPin)
    pins = {button: factory.pin(f"GPIO{line}") for button, line in _LINES.items()}
    contacts = {button: GpioContact(pin) for button, pin in pins.items()}

    def press(button: Button, is_pressed: bool) -> None:
        if is_pressed:
            pins[button].drive_low()
        else:
            pins[button].drive_high()

    lamp = GpioLamp(factory.pin(f"GPIO{_LED_LINE}"))
    return OpenBoard(NAME, MODEL, contacts, lamp, SimulatedLight(), press=press)
