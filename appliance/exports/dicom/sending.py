"""Sending exams in the background: what waits, how far it is, and why it failed."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from appliance.domain.errors import ApplianceError
from appliance.exports.settings import PacsSettings

_log = logging.getLogger(__name__)
_KEPT_FINISHED = 200
MakeObjects = Callable[[], Sequence[Any]]
"""Makes the pydicom Datasets to be sent."""


class SendState(Enum):
    """WAITING also between two tries."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Sending:
    """How far one exam is.

    Attributes:
        stored, total: objects that the archive has confirmed, of all; total is 0 until they are made.
        tries: begun so far.
        message, remedy: why the newest try failed, in the operator's words; empty while all is well.
    """

    exam_id: str
    state: SendState
    stored: int = 0
    total: int = 0
    tries: int = 0
    message: str = ""
    remedy: str = ""


class PacsSender:
    """Sends one exam after the other from a thread of its own. Safe for calls from any thread.

    Args:
        on_done: called with every exam that was sent or given up; for the journal.
    """

    def __init__(self, settings: PacsSettings, on_done: Callable[[Sending], None] = lambda _: None) -> None:
        self._settings = settings
        self._on_done = on_done
        self._lock = threading.Lock()
        self._known: dict[str, Sending] = {}
        self._queue: queue.Queue[tuple[str, MakeObjects] | None] = queue.Queue()
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; calling it twice is harmless. After `stop` it starts no more."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pacs-sender", daemon=True)
                self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Give up waiting exams and end the thread."""
        self._is_stopping.set()
        self._queue.put(None)
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def send(self, exam_id: str, make: MakeObjects) -> Sending:
        """Queue an exam; one that waits or is under way is not queued twice.

        Args:
            make: its DICOM objects; called in the thread, for encoding takes seconds.
        """
        with self._lock:
            known = self._known.get(exam_id)
            if known is not None and known.state in (SendState.WAITING, SendState.SENDING):
                return known
            self._forget_oldest()
            self._known[exam_id] = queued = Sending(exam_id, SendState.WAITING)
        self._queue.put((exam_id, make))
        return queued

    def sending(self, exam_id: str) -> Sending | None:
        """How far it is; None for an exam that was not sent since the start."""
        with self._lock:
            return self._known.get(exam_id)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None and not self._is_stopping.is_set():
            exam_id, make = work
            try:
                done = self._send_one(exam_id, make)
            except ApplianceError as error:
                done = self._fail(exam_id, error.message, error.remedy)
            except Exception:
                _log.exception("exam %s could not be sent", exam_id)
                done = self._fail(
                    exam_id, "the exam could not be made into DICOM objects", "See the log; report this fault."
                )
            self._note(done)

    def _send_one(self, exam_id: str, make: MakeObjects) -> Sending:
        from appliance.exports.dicom.pacs import PacsUnreachableError, store  # noqa: PLC0415 (pydicom: 50 MB)

        def stored(count: int) -> None:
            self._update(exam_id, stored=count)

        objects = make()
        self._update(exam_id, total=len(objects))
        for tried in range(1, self._settings.tries + 1):
            self._update(exam_id, state=SendState.SENDING, tries=tried)
            try:
                store(self._settings, objects, stored)
            except PacsUnreachableError as error:
                if tried == self._settings.tries:
                    raise
                self._update(exam_id, state=SendState.WAITING, message=error.message, remedy=error.remedy)
                if self._is_stopping.wait(self._settings.first_delay_s * 2 ** (tried - 1)):
                    raise
            else:
                break
        return self._update(exam_id, state=SendState.SENT, message="", remedy="")

    def _fail(self, exam_id: str, message: str, remedy: str) -> Sending:
        _log.warning("exam %s was not sent to the archive: %s", exam_id, message)
        return self._update(exam_id, state=SendState.FAILED, message=message, remedy=remedy)

    def _update(self, exam_id: str, **changes: object) -> Sending:
        with self._lock:
            changed = self._known[exam_id] = replace(self._known[exam_id], **changes)  # type: ignore[arg-type]
            return changed

    def _note(self, done: Sending) -> None:
        """As it ended: by now somebody may have asked for the next sending."""
        try:
            self._on_done(done)
        except ApplianceError as error:
            _log.error("what became of exam %s could not be noted: %s", done.exam_id, error)
        except Exception:  # the other exams are sent all the same
            _log.exception("what became of exam %s could not be noted", done.exam_id)

    def _forget_oldest(self) -> None:
        finished = [name for name, one in self._known.items() if one.state in (SendState.SENT, SendState.FAILED)]
        for name in finished[: max(0, len(finished) - _KEPT_FINISHED)]:
            del self._known[name]
