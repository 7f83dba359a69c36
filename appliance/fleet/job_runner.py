"""The thread that does the jobs, one after the other."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.domain.errors import ApplianceError
from appliance.fleet.job_book import JobBook
from appliance.fleet.job_record import JobRecord
from appliance.fleet.jobs import Job, JobState, JobStep

_log = logging.getLogger(__name__)
_LOOK_S = 1.0
_CANCELLED_WITHIN_S = 10.0


@dataclass
class StepContext:
    """What a step knows and leaves.

    Attributes:
        job: whose step it is.
        began_s: of the step, monotonic.
        is_over: set when the step has used up its time or the job is cancelled; a step that takes long ends then.
        detail: told to the fleet with the end of the job.
        ends_station: the step was the last that this start of the station does: the next one writes down the end.
    """

    job: Job
    is_over: threading.Event = field(default_factory=threading.Event)
    began_s: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict)
    ends_station: bool = False


@dataclass(frozen=True)
class JobKind:
    """What a box can do.

    Attributes:
        steps: name to what is done; raises ApplianceError where it fails.
        is_disruptive: waits until no exam is open.
        after_restart: of a job during which the station ended: its detail, or ApplianceError where it did not succeed.
            None: such a job has failed, because nobody knows how far it came.
    """

    steps: Mapping[str, Callable[[StepContext], None]]
    is_disruptive: bool = True
    after_restart: Callable[[Job], dict[str, Any]] | None = None


class JobRunner:
    """Runs what the book has waiting. A job runs once: what an earlier start had begun is never begun again.

    A step that does not end in its time, or soon after the job was cancelled, is left behind on its thread, and the
    next job begins.

    Args:
        is_exam_open: disruptive jobs wait while it is.
    """

    def __init__(self, book: JobBook, kinds: Mapping[str, JobKind], is_exam_open: Callable[[], bool]) -> None:
        self._book, self._kinds, self._is_exam_open = book, kinds, is_exam_open
        self._unsettled: list[JobRecord] = []
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-jobs", daemon=True)

    def start(self) -> None:
        """Begin: first it is written down what became of jobs that the last start had begun."""
        self._unsettled = self._book.unfinished()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """No further job; harmless before start."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """A job came."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._step():
                    continue
            except Exception:  # without this thread no job would ever run again
                _log.exception("a job could not be run")
            self._woken.wait(_LOOK_S)
            self._woken.clear()

    def _step(self) -> bool:
        """Whether a job was run, or its end written down."""
        if self._unsettled:
            self._settle(self._unsettled.pop())
            return True
        record = self._book.next_waiting(self._is_deferred)
        if record is None:
            return False
        job, kind = record.job, self._kinds[record.job.kind]
        context = StepContext(job)
        for step in job.steps:
            if self._book.is_cancelled(job.job_id):
                self._book.change(job.job_id, JobState.CANCELLED, f"before {step.name}")
                return True
            if not self._do(step, kind, context):
                return True
        if not context.ends_station:
            self._book.change(job.job_id, JobState.SUCCEEDED, detail=context.detail or None)
        return True

    def _is_deferred(self, job: Job) -> bool:
        return self._kinds[job.kind].is_disruptive and self._is_exam_open()

    def _do(self, step: JobStep, kind: JobKind, context: StepContext) -> bool:
        job_id = context.job.job_id
        self._book.change(job_id, JobState.IN_PROGRESS, step=step.name)
        failures: list[Exception] = []

        def attempt() -> None:
            try:
                kind.steps[step.name](context)
            except Exception as error:  # told to the fleet; the next job has to run
                failures.append(error)

        context.began_s = time.monotonic()
        thread = threading.Thread(target=attempt, name=f"job-{job_id}", daemon=True)
        thread.start()
        is_cancelled = self._await(thread, step, context)
        if thread.is_alive():
            context.is_over.set()
            if is_cancelled:
                self._book.change(job_id, JobState.CANCELLED, f"during {step.name}, which was left behind", step.name)
                return False
            self._book.change(job_id, JobState.TIMED_OUT, f"{step.name} did not end in {step.timeout_s:g} s", step.name)
            return False
        if failures and is_cancelled:
            self._book.change(job_id, JobState.CANCELLED, f"during {step.name}: {failures[0]}", step.name)
            return False
        if failures:
            if not isinstance(failures[0], ApplianceError):
                _log.error("job %s failed in an unforeseen way", job_id, exc_info=failures[0])
            self._book.change(job_id, JobState.FAILED, f"{step.name}: {failures[0]}", step.name)
            return False
        return True

    def _await(self, thread: threading.Thread, step: JobStep, context: StepContext) -> bool:
        """Until it has ended, its time is over, or it does not end though the job was cancelled; whether that was."""
        until_s, is_cancelled = context.began_s + step.timeout_s, False
        while thread.is_alive() and (left_s := until_s - time.monotonic()) > 0:
            if not is_cancelled and self._book.is_cancelled(context.job.job_id):
                is_cancelled = True
                context.is_over.set()
                until_s = min(until_s, time.monotonic() + _CANCELLED_WITHIN_S)
            thread.join(min(left_s, _LOOK_S))
        return is_cancelled

    def _settle(self, record: JobRecord) -> None:
        job, kind = record.job, self._kinds.get(record.job.kind)
        if kind is None or kind.after_restart is None:
            self._book.change(job.job_id, JobState.FAILED, "the station ended while it ran", record.step)
            return
        try:
            detail = kind.after_restart(job)
        except ApplianceError as error:
            self._book.change(job.job_id, JobState.FAILED, str(error), record.step)
            return
        self._book.change(job.job_id, JobState.SUCCEEDED, detail=detail or None)
