"""The thread that watches every button of the board."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from firmware.debounce import Debouncer
from firmware.let_go import let_go
from firmware.protocol import Button, ButtonEvent

_log = logging.getLogger(__name__)
_AT_REST_S, _WAITING_S = 0.2, 0.005
_STALE_EDGE_S = 5.0


OnEdge = Callable[[bool, float], None]
"""Takes whether the contact closed, and when."""


class Contact(Protocol):
    """A contact to ground behind one line."""

    def is_closed(self) -> bool:
        """As it stands now."""

    def watch(self, on_edge: OnEdge) -> None:
        """Call `on_edge` with every edge; its time in seconds of CLOCK_MONOTONIC as far as the kernel says so."""

    def close(self) -> None:
        """Let go of the line."""


class Buttons:
    """Says what is done with each button, on one thread. Started once, stopped once.

    Args:
        hold_s: of the buttons for which holding means something.
        emit: called on the thread of the buttons; must return quickly.
    """

    def __init__(
        self,
        contacts: Mapping[Button, Contact],
        bounce_s: float,
        hold_s: Mapping[Button, float],
        emit: Callable[[ButtonEvent], None],
    ) -> None:
        self._contacts = contacts
        self._watched = {button: Debouncer(bounce_s, hold_s.get(button)) for button in contacts}
        self._emit = emit
        self._unread: dict[Button, str] = {}
        self._edges: queue.SimpleQueue[tuple[Button, bool, float]] = queue.SimpleQueue()
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="buttons", daemon=True)

    @property
    def pressed(self) -> tuple[Button, ...]:
        """Those that are held down now."""
        return tuple(button for button, watched in self._watched.items() if watched.is_pressed)

    @property
    def problem(self) -> str:
        """Which contacts cannot be read just now, and why; empty where all can."""
        return "; ".join(self._unread.copy().values())

    def start(self) -> None:
        if self._contacts:
            self._thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        for button, contact in self._contacts.items():
            let_go(f"the contact of {button.value}", contact.close)

    def _run(self) -> None:
        for button, contact in self._contacts.items():
            contact.watch(partial(self._note_edge, button))
        while not self._is_stopping.is_set():
            self._take_an_edge()
            for button, watched in self._watched.items():
                is_closed = self._read(button)
                if is_closed is None:
                    continue
                for change in watched.look(is_closed, time.monotonic()):
                    self._say(ButtonEvent(button=button, action=change.action, at_monotonic_s=change.at_s))

    def _read(self, button: Button) -> bool | None:
        """Whether it is closed; None where its chip does not say."""
        try:
            is_closed = self._contacts[button].is_closed()
        except Exception as error:  # lgpio's, gpiozero's or the kernel's: the other buttons go on
            if button not in self._unread:
                _log.exception("the contact of %s cannot be read", button.value)
            self._unread[button] = f"{button.value} cannot be read: {error}"
            return None
        self._unread.pop(button, None)
        return is_closed

    def _note_edge(self, button: Button, is_closed: bool, at_s: float) -> None:
        self._edges.put((button, is_closed, at_s))

    def _take_an_edge(self) -> None:
        is_waiting = any(watched.is_waiting for watched in self._watched.values())
        try:
            button, is_closed, at_s = self._edges.get(timeout=_WAITING_S if is_waiting else _AT_REST_S)
        except queue.Empty:
            return
        now_s = time.monotonic()
        # Kernels before 5.7 date edges by the wall clock; then the moment of arrival is the best that is known.
        self._watched[button].edge(is_closed, at_s if now_s - _STALE_EDGE_S < at_s <= now_s else now_s)

    def _say(self, event: ButtonEvent) -> None:
        try:
            self._emit(event)
        except Exception:
            _log.exception("a press of %s could not be passed on", event.button.value)
