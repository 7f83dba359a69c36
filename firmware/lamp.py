"""What the status LED shows, and the thread that plays it."""

import logging
import threading
from collections.abc import Mapping
from enum import Enum
from typing import Protocol

from firmware.protocol import Phase

_log = logging.getLogger(__name__)


class Signal(str, Enum):
    """What one LED can say; told apart by rhythm, never by colour."""

    STARTING = "starting"
    READY = "ready"
    LIVE = "live"
    EXAM = "exam"
    FAULT = "fault"
    CONFIRM = "confirm"
    UNHEARD = "unheard"
    OFF = "off"


Rhythm = tuple[tuple[bool, float], ...]

RHYTHMS: Mapping[Signal, Rhythm] = {
    Signal.STARTING: ((True, 0.5), (False, 0.5)),
    Signal.READY: ((True, 0.1), (False, 2.9)),
    Signal.LIVE: ((True, 60.0),),
    Signal.EXAM: ((True, 1.8), (False, 0.2)),
    Signal.FAULT: ((True, 0.1), (False, 0.1), (True, 0.1), (False, 0.7)),
    Signal.CONFIRM: ((True, 0.1), (False, 0.1)),
    Signal.UNHEARD: ((True, 0.05), (False, 0.05), (True, 0.05), (False, 0.05), (True, 0.05), (False, 0.75)),
    Signal.OFF: ((False, 60.0),),
}
"""On and off in seconds, over and over. CONFIRM: the shutdown button is down; UNHEARD: a press found no station."""

SIGNAL_OF: Mapping[Phase, Signal] = {phase: Signal(phase.value) for phase in Phase}


class Lamp(Protocol):
    """One LED."""

    def set(self, is_on: bool) -> None:
        """Light or dark."""

    def close(self) -> None:
        """Dark, and let go of the line."""


class StatusLamp:
    """Plays one signal until another is shown. Safe for calls from any thread."""

    def __init__(self, lamp: Lamp) -> None:
        self._lamp = lamp
        self._changed = threading.Condition()
        self._signal = Signal.STARTING
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="lamp", daemon=True)

    @property
    def signal(self) -> Signal:
        return self._signal

    def start(self) -> None:
        self._thread.start()

    def show(self, signal: Signal) -> None:
        """From now on; the signal that is shown already keeps its rhythm."""
        with self._changed:
            if signal is not self._signal:
                self._signal = signal
                self._changed.notify()

    def stop(self) -> None:
        """Dark."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._lamp.close()

    def _run(self) -> None:
        step = 0
        while True:
            with self._changed:
                if self._is_stopping:
                    return
                signal = self._signal
            is_on, seconds = RHYTHMS[signal][step % len(RHYTHMS[signal])]
            try:
                self._lamp.set(is_on)
            except Exception:  # a lamp that fails must not take the buttons with it
                _log.exception("the status LED cannot be switched")
                return
            step = 0 if self._is_over(signal, seconds) else step + 1

    def _is_over(self, signal: Signal, seconds: float) -> bool:
        """Waits; whether another signal is to be shown, or none."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_stopping or self._signal is not signal, seconds)
