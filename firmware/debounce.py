"""From the edges of a contact to what a person did with it. Nothing here knows a pin or a thread."""

from collections.abc import Iterator
from dataclasses import dataclass

from firmware.protocol import Action


@dataclass(frozen=True)
class ContactChange:
    """What a person did, and when; seconds of CLOCK_MONOTONIC."""

    action: Action
    at_s: float


class Debouncer:
    """One contact. It bounces for some milliseconds, and long cables catch pulses that nobody pressed.

    A change counts once the contact has rested for `bounce_s`; its time is that of the first edge towards where it
    rests, so that the picture belongs to the moment of the press. A burst that ends where it began was no press. An
    edge that a chip tells late, after its level had already said so, points the other way and dates nothing.

    Args:
        hold_s: after so long HELD follows; None where holding means nothing.
    """

    def __init__(self, bounce_s: float, hold_s: float | None = None) -> None:
        self._bounce_s, self._hold_s = bounce_s, hold_s
        self.is_pressed = False
        self._burst: dict[bool, float] = {}  # the first edge that closed, and the first that opened
        self._last_edge_s = 0.0
        self._pressed_s = 0.0
        self._is_held = False

    @property
    def is_waiting(self) -> bool:
        """Whether something is about to be known by the passing of time alone."""
        return bool(self._burst) or (self.is_pressed and self._hold_s is not None and not self._is_held)

    def edge(self, is_closed: bool, at_s: float) -> None:
        """The contact closed, or opened. What it is in the end is read off it when it rests."""
        self._burst.setdefault(is_closed, at_s)
        self._last_edge_s = max(at_s, self._last_edge_s)

    def look(self, is_closed: bool, now_s: float) -> Iterator[ContactChange]:
        """What is known by now, given how the contact stands."""
        if not self._burst and is_closed != self.is_pressed:
            self.edge(is_closed, now_s)  # the kernel's buffer holds 16 edges; what it lost shows in the level
        if self._burst and now_s - self._last_edge_s >= self._bounce_s:
            burst, self._burst = self._burst, {}
            if is_closed != self.is_pressed:
                yield self._settle(is_closed, burst.get(is_closed, self._last_edge_s))
        if self._hold_s is not None and self.is_pressed and not self._is_held and not self._burst:
            held_s = self._pressed_s + self._hold_s
            if now_s >= held_s:
                self._is_held = True
                yield ContactChange(Action.HELD, held_s)

    def _settle(self, is_closed: bool, at_s: float) -> ContactChange:
        self.is_pressed, self._is_held = is_closed, False
        if is_closed:
            self._pressed_s = at_s
        return ContactChange(Action.PRESSED if is_closed else Action.RELEASED, at_s)
