"""Long work as jobs: reports and exports are made one after the other, and lie ready until they are cleared."""

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import BinaryIO

import uuid_utils

from appliance.domain.errors import ApplianceError, ExportError, NotKeptError
from appliance.exports.export_service import ExportedFile
from appliance.exports.progress import JobCancelledError, Progress

_log = logging.getLogger(__name__)

MOST_KEPT = 20
"""Finished jobs beyond this go, the oldest first; what somebody still waits for stays."""
RESERVE_BYTES = 500_000_000
"""Of the disk that results leave free, so that an exam can always be finished."""


class BackgroundState(Enum):
    """Of a job: it goes from the first to one of the last three."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self not in (BackgroundState.WAITING, BackgroundState.RUNNING)


@dataclass(frozen=True)
class BackgroundJob:
    """One piece of long work.

    Attributes:
        kind: "report", or the export's format.
        subject: what it is about, in words of the person who asked; never an identity.
        actor: the account that asked; nobody else sees it.
        done, total: how far it is; total is 0 while that is not known.
        file: what was made; None before, and without a result.
        size: of the file in bytes.
        message, remedy: why it failed, or which pictures are not in what was made.
    """

    job_id: str
    kind: str
    subject: str
    actor: str
    asked_at_utc: datetime
    state: BackgroundState = BackgroundState.WAITING
    done: int = 0
    total: int = 0
    file: ExportedFile | None = None
    size: int = 0
    message: str = ""
    remedy: str = ""


Work = Callable[[BinaryIO, Progress], ExportedFile]


class BackgroundJobs:
    """A queue with one worker. Safe for calls from any thread; results are gone when the station restarts.

    Args:
        folder: results lie here, readable by the station alone; emptied when it is opened.
    """

    def __init__(self, folder: Path, now_utc: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now_utc = now_utc
        self._jobs: dict[str, BackgroundJob] = {}
        self._works: dict[str, Work] = {}
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        shutil.rmtree(folder, ignore_errors=True)

    def start(self) -> None:
        """Start working; calling it twice is harmless."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="export-jobs", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Give up what is under way."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def add(self, kind: str, subject: str, actor: str, work: Work) -> BackgroundJob:
        """Queue a piece of work; it writes its result into the file that it is given."""
        job = BackgroundJob(str(uuid_utils.uuid7()), kind, subject, actor, self._now_utc())
        with self._changed:
            self._jobs[job.job_id], self._works[job.job_id] = job, work
            self._changed.notify_all()
        return job

    def jobs(self, actor: str) -> tuple[BackgroundJob, ...]:
        """Of one account, newest first."""
        with self._changed:
            return tuple(job for job in reversed(self._jobs.values()) if job.actor == actor)

    def job(self, job_id: str, actor: str) -> BackgroundJob:
        """One of an account's jobs. Raises NotKeptError."""
        with self._changed:
            found = self._jobs.get(job_id)
        if found is None or found.actor != actor:
            raise NotKeptError("this job is no longer known", "Ask for the file again.")
        return found

    def cancel(self, job_id: str, actor: str) -> BackgroundJob:
        """Stop it as soon as it can; one that is over stays as it is."""
        self.job(job_id, actor)
        with self._changed:
            if not self._jobs[job_id].state.is_over:
                self._change(job_id, state=BackgroundState.CANCELLED)
            return self._jobs[job_id]

    def clear(self, job_id: str, actor: str) -> None:
        """Forget it and delete its result."""
        self.cancel(job_id, actor)
        with self._changed:
            self._forget(job_id)

    def clear_all(self) -> None:
        """Forget every job and delete every result; what is under way is given up."""
        with self._changed:
            for job_id, job in list(self._jobs.items()):
                if not job.state.is_over:
                    self._change(job_id, state=BackgroundState.CANCELLED)
                self._forget(job_id)

    def open(self, job_id: str, actor: str) -> BinaryIO:
        """The result, for reading. Raises NotKeptError where there is none."""
        if self.job(job_id, actor).state is not BackgroundState.DONE:
            raise NotKeptError("this job has no result", "Ask for the file again.")
        return self._path(job_id).open("rb")

    def _run(self) -> None:
        while (found := self._next()) is not None:
            self._work(*found)

    def _next(self) -> tuple[BackgroundJob, Work] | None:
        with self._changed:
            while not self._is_stopping:
                waiting = (job for job in self._jobs.values() if job.state is BackgroundState.WAITING)
                if (found := next(waiting, None)) is not None:
                    work = self._works[found.job_id]
                    return self._change(found.job_id, state=BackgroundState.RUNNING), work
                self._changed.wait()
        return None

    def _work(self, job: BackgroundJob, work: Work) -> None:
        path = self._path(job.job_id)
        try:
            made, size = self._make(job, work, path)
        except JobCancelledError:
            path.unlink(missing_ok=True)
        except ApplianceError as error:
            path.unlink(missing_ok=True)
            self._end(job.job_id, state=BackgroundState.FAILED, message=error.message, remedy=error.remedy)
        except Exception:
            # A fault of our own must not end the worker, or every later job would wait for ever.
            _log.exception("job %s (%s) failed", job.job_id, job.kind)
            path.unlink(missing_ok=True)
            self._end(
                job.job_id, state=BackgroundState.FAILED, message="The file could not be made: a fault of the software."
            )
        else:
            self._end(job.job_id, state=BackgroundState.DONE, file=made, size=size, message=_without(made))

    def _make(self, job: BackgroundJob, work: Work, path: Path) -> tuple[ExportedFile, int]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self._folder).free < RESERVE_BYTES:
                raise ExportError("the disk of the box is nearly full", "Free some space and try again.")
            with path.open("w+b") as file:
                made = work(file, _Progress(self, job.job_id))
            return made, path.stat().st_size
        except OSError as error:
            raise ExportError(f"the file could not be written: {error.strerror}", "Check the disk.") from error

    def _end(self, job_id: str, **changes: object) -> None:
        with self._changed:
            if job_id not in self._jobs or self._jobs[job_id].state is BackgroundState.CANCELLED:
                self._path(job_id).unlink(missing_ok=True)
                return
            self._change(job_id, **changes)
            over = [job.job_id for job in self._jobs.values() if job.state.is_over]
            for old in over[:-MOST_KEPT]:
                self._forget(old)

    def _change(self, job_id: str, **changes: object) -> BackgroundJob:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)  # type: ignore[arg-type]
        self._changed.notify_all()
        if self._jobs[job_id].state.is_over:
            self._works.pop(job_id, None)
        return self._jobs[job_id]

    def _forget(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        with contextlib.suppress(OSError):
            self._path(job_id).unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        return self._folder / job_id

    def progress(self, job_id: str, done: int, total: int) -> bool:
        """Note how far a job is; False where nobody waits for it any more."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.state is not BackgroundState.RUNNING or self._is_stopping:
                return False
            self._change(job_id, done=done, total=total)
            return True


class _Progress:
    """Of one job."""

    def __init__(self, jobs: BackgroundJobs, job_id: str) -> None:
        self._jobs, self._job_id = jobs, job_id
        self._at = (0, 0)

    @property
    def is_cancelled(self) -> bool:
        return not self._jobs.progress(self._job_id, *self._at)

    def __call__(self, done: int, total: int) -> None:
        self._at = (done, total)
        if self.is_cancelled:
            raise JobCancelledError


def _without(made: ExportedFile) -> str:
    """What a reader has to know before opening it; empty for a whole file."""
    return f"{len(made.missing)} not in it: {'; '.join(made.missing[:3])}" if made.missing else ""
