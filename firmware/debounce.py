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

    A change counts once the contact has rested for `bounce_s`; its time is that of the first edge, so that the picture
    belongs to the moment of the press. A burst that ends where it began was no press.

    Args:
        hold_s: after so long HELD follows; None where holding means nothing.
    """

    def __init__(self, bounce_s: float, hold_s: float | None = None) -> None:
        self._bounce_s, self._hold_s = bounce_s, hold_s
        self.is_pressed = False
        self._burst_began_s: float | None = None
        self._last_edge_s = 0.0
        self._pressed_s = 0.0
        self._is_held = False

    @property
    def is_waiting(self) -> bool:
        """Whether something is about to be known by the passing of time alone."""
        return self._burst_began_s is not None or (self.is_pressed and self._hold_s is not None and not self._is_held)

    def edge(self, at_s: float) -> None:
        """The contact opened or closed; which of both is read off it when it rests."""
        if self._burst_began_s is None:
            self._burst_began_s = at_s
        self._last_edge_s = max(at_s, self._last_edge_s)

    def look(self, is_closed: bool, now_s: float) -> Iterator[ContactChange]:
        """What is known by now, given how the contact stands."""
        if self._burst_began_s is None and is_closed != self.is_pressed:
            self.edge(now_s)  # the kernel's buffer holds 16 edges; what it lost shows in the level
        if self._burst_began_s is not None and now_s - self._last_edge_s >= self._bounce_s:
            began_s, self._burst_began_s = self._burst_began_s, None
            if is_closed != self.is_pressed:
                yield self._settle(is_closed, began_s)
        if self._hold_s is not None and self.is_pressed and not self._is_held and self._burst_began_s is None:
            held_s = self._pressed_s + self._hold_s
            if now_s >= held_s:
                self._is_held = True
                yield ContactChange(Action.HELD, held_s)

    def _settle(self, is_closed: bool, at_s: float) -> ContactChange:
        self.is_pressed, self._is_held = is_closed, False
        if is_closed:
            self._pressed_s = at_s
        return ContactChange(Action.PRESSED if is_closed else Action.RELEASED, at_s)
