"""What the recorders of clips and of sweeps share: one recording at a time, followed by a thread of its own."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from appliance.domain.errors import ApplianceError, ExamError
from appliance.exam.frame_worker import FrameWorker

_log = logging.getLogger(__name__)

Item = TypeVar("Item")
Work = TypeVar("Work")
State = TypeVar("State")


@dataclass(frozen=True)
class _Now(Generic[Work, State]):
    """The recording and what the page sees of it.

    Attributes:
        work: None between recordings.
        is_closing: it is being made into an image, and can neither be changed nor cancelled any more.
    """

    work: Work | None
    is_closing: bool
    state: State


class Recorder(ABC, Generic[Item, Work, State]):
    """Idle, running, closing, idle again. Safe for calls from any thread.

    Recording and page state are one frozen value that is swapped under one lock. A change names the recording it is
    meant for and is refused once that one is closing or over, so nothing late reaches the next one.

    Args:
        name: of the thread.
        idle: what the page sees between recordings.
    """

    def __init__(self, name: str, idle: State) -> None:
        self._lock = threading.Lock()
        self._now: _Now[Work, State] = _Now(None, False, idle)
        self._worker = FrameWorker[Item](name, self._step, self._quiet)

    @property
    def state(self) -> State:
        """A snapshot; safe from any thread."""
        return self._now.state

    @property
    def taken(self) -> int:
        """How many frames were worked on so far."""
        return self._worker.taken

    def start(self) -> None:
        """Begin to watch; it is started once."""
        self._worker.start()

    def stop(self) -> None:
        """End the thread; harmless before `start`."""
        self._worker.stop()

    def work_once(self) -> bool:
        """One step of the recorder's thread, for a test without it; see `FrameWorker.work_once`."""
        return self._worker.work_once()

    @abstractmethod
    def _take(self, item: Item) -> None:
        """Work on a frame; on the recorder's thread."""

    @abstractmethod
    def _follow_up(self, work: Work) -> None:
        """No frame came for a moment, or the worker was woken, while this is recorded; on the recorder's thread."""

    @abstractmethod
    def _failed(self, fault: Exception) -> State:
        """What the page sees after a fault."""

    def _begin(self, make: Callable[[], tuple[Work, State]], busy: ExamError) -> None:
        """Record what `make` gives; it runs under the lock. Raises `busy` while another recording is under way."""
        with self._lock:
            if self._now.work is not None:
                raise busy
            work, state = make()
            self._now = _Now(work, False, state)

    def _show(self, work: Work, state: State) -> bool:
        """Show how far a running recording is."""
        return self._change(work, _Now(work, False, state))

    def _close(self, work: Work, state: State) -> bool:
        """Whether the caller, and nobody else, is to make this recording into an image now."""
        return self._change(work, _Now(work, True, state))

    def _cancel(self, work: Work, state: State) -> bool:
        """Forget a running recording; False when it is too late."""
        return self._change(work, _Now(None, False, state))

    def _end(self, work: Work | None, state: State) -> None:
        """The recording is kept or has failed; None for a fault while nothing was recorded."""
        with self._lock:
            # Only the recorder's thread closes, and only it ends: what is closing is what it was working on.
            if self._now.work is work or self._now.is_closing:
                self._now = _Now(None, False, state)

    def _change(self, work: Work, now: "_Now[Work, State]") -> bool:
        with self._lock:
            is_running = self._now.work is work and not self._now.is_closing
            if is_running:
                self._now = now
            return is_running

    def _step(self, item: Item) -> None:
        self._guarded(lambda: self._take(item))

    def _quiet(self) -> None:
        now = self._now
        if (work := now.work) is not None:
            self._guarded(lambda: self._follow_up(work))

    def _guarded(self, act: Callable[[], None]) -> None:
        work = self._now.work
        try:
            act()
        except Exception as fault:
            if not isinstance(fault, ApplianceError):
                _log.error("a recording failed", exc_info=fault)
            self._end(work, self._failed(fault))
