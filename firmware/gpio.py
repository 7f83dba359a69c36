"""Contacts and the status LED on pins of gpiozero, real or simulated."""

from typing import Any

from firmware.buttons import OnEdge

_PULL = "up"


class GpioContact:
    """A contact between a line and ground, pulled up by the chip: closed is low.

    Args:
        pin: of a gpiozero factory; it belongs to the contact from now on.
    """

    def __init__(self, pin: Any) -> None:
        self._pin = pin
        self._on_edge: OnEdge = lambda _is_closed, _at_s: None
        pin.input_with_pull(_PULL)

    def is_closed(self) -> bool:
        return not self._pin.state

    def watch(self, on_edge: OnEdge) -> None:
        self._on_edge = on_edge
        # The edges as they are: gpiozero's own debouncing would date a press by its end.
        self._pin.bounce = None
        self._pin.edges = "both"
        self._pin.when_changed = self._changed

    def close(self) -> None:
        self._pin.when_changed = None
        self._pin.close()

    def _changed(self, ticks: float, level: int) -> None:
        self._on_edge(not level, ticks)


class GpioLamp:
    """A LED that is on at a high level."""

    def __init__(self, pin: Any) -> None:
        self._pin = pin
        pin.output_with_state(False)

    def set(self, is_on: bool) -> None:
        self._pin.state = is_on

    def close(self) -> None:
        """Dark, and the line is free."""
        self._pin.state = False
        self._pin.close()
