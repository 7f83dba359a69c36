"""Every job that a box has ever had, and the rules of what may follow what."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from pydantic import ValidationError

from appliance.domain.instant import from_rfc3339
from appliance.fleet.job_record import JobRecord
from appliance.fleet.jobs import Job, JobState, SignedJob
from appliance.ports import FleetNotes

_log = logging.getLogger(__name__)
_PREFIX = "job:"
_WAITING = (JobState.QUEUED, JobState.DEFERRED)


class JobBook:
    """The state machine of jobs, persisted with each change. Safe for calls from any thread; raises StoreError.

    Args:
        boot_id: of this start of the station.
        why_not: of a signed job: why it must not run here, such as a wrong signature; empty where it may.
        kinds: what this box can do, to the names of its steps.
        on_change: called after each change, from the thread that made it.
    """

    def __init__(
        self,
        notes: FleetNotes,
        boot_id: str,
        why_not: Callable[[SignedJob], str],
        kinds: dict[str, tuple[str, ...]],
        now_utc: Callable[[], datetime],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._notes, self._boot_id, self._why_not, self._kinds = notes, boot_id, why_not, kinds
        self._now_utc, self.on_change = now_utc, on_change
        self._lock = threading.RLock()
        self._cancelled: set[str] = set()
        self._records = {record.job.job_id: record for record in _readable(notes.notes(_PREFIX))}

    def record(self, job_id: str) -> JobRecord | None:
        """One job; None for one that was never here."""
        with self._lock:
            return self._records.get(job_id)

    def take(self, signed: SignedJob) -> str:
        """Queue a job that came, from wherever; the reason where it must not run, empty where it is known or will."""
        job = signed.job
        with self._lock:
            known = self._records.get(job.job_id)
            if known is not None and known.job.version >= job.version:
                return ""
            if reason := self._why_not(signed):
                return reason  # nothing is kept: whoever made it up must not block the real one
            if known is not None and not _is_cancellation(job, known.job):
                return f"the job {job.job_id} is another than the one that came under this name: make a new one"
            for earlier in job.supersedes:
                self._end_waiting(earlier, JobState.SUPERSEDED, f"by {job.job_id}")
            if known is not None:
                self._change(known.model_copy(update={"job": job}))
                if job.is_cancelled:
                    self._cancel(job.job_id)
                return ""
            record = JobRecord(job=job, boot_id=self._boot_id)
            if reason := self._unfit(job):
                record = record.changed(self._boot_id, JobState.REFUSED, reason)
            elif later := self._superseding(job.job_id):
                record = record.changed(self._boot_id, JobState.SUPERSEDED, f"by {later}")
            elif job.is_cancelled:
                record = record.changed(self._boot_id, JobState.CANCELLED)
            self._change(record)
        return ""

    def next_waiting(self, is_deferred: Callable[[Job], bool] = lambda _: False) -> JobRecord | None:
        """The oldest that has not begun and may; of one that cannot run any more the end is written down.

        Args:
            is_deferred: it waits for the end of an exam; those behind it that disturb nobody do not wait with it.
        """
        with self._lock:
            waiting = [record for record in self._records.values() if record.state in _WAITING]
            for record in sorted(waiting, key=lambda one: (one.job.ts, one.job.job_id)):
                if self._is_expired(record.job):
                    self.change(record.job.job_id, JobState.REFUSED, "it came to its turn after it had expired")
                elif reason := self._unfit(record.job):  # queued by a newer software, before this one was put back
                    self.change(record.job.job_id, JobState.REFUSED, reason)
                elif is_deferred(record.job):
                    self.change(record.job.job_id, JobState.DEFERRED, "an exam is open")
                else:
                    return record
        return None

    def unfinished(self) -> list[JobRecord]:
        """Those that an earlier start of the station had begun."""
        with self._lock:
            return [record for record in self._records.values() if record.state is JobState.IN_PROGRESS]

    def unaccepted(self) -> list[JobRecord]:
        """Those whose newest state the fleet has not accepted."""
        with self._lock:
            return [record for record in self._records.values() if not record.is_accepted]

    def is_cancelled(self, job_id: str) -> bool:
        """Whether a job that has begun shall end before its next step."""
        with self._lock:
            return job_id in self._cancelled

    def change(
        self,
        job_id: str,
        state: JobState,
        reason: str = "",
        step: str | None = None,
        detail: dict | None = None,  # type: ignore[type-arg]
    ) -> JobRecord:
        """Write down how far a job is; a final state stays as it is."""
        with self._lock:
            record = self._records[job_id]
            if not record.state.is_final and (record.state, record.step, record.reason) != (state, step, reason):
                record = record.changed(self._boot_id, state, reason, step, detail)
                self._change(record)
        return record

    def accepted(self, job_id: str, version: int) -> None:
        """The fleet has a state on its disk, or will never take it."""
        with self._lock:
            record = self._records.get(job_id)
            if record is not None and record.version == version and not record.is_accepted:
                self._keep(record.model_copy(update={"is_accepted": True}))

    def tell_again(self, job_id: str) -> None:
        """The fleet does not have the state of a job that it once accepted."""
        with self._lock:
            record = self._records[job_id]
            if record.is_accepted:
                self._change(record.model_copy(update={"is_accepted": False}))

    def _unfit(self, job: Job) -> str:
        if job.kind not in self._kinds:
            return f"this box knows no job {job.kind!r}"
        if unknown := [step.name for step in job.steps if step.name not in self._kinds[job.kind]]:
            return f"this box knows no step {unknown[0]!r} of {job.kind}"
        return "it has expired" if self._is_expired(job) else ""

    def _superseding(self, job_id: str) -> str:
        """The job that was to stand in the place of this one and came first, as from a stick; empty: none."""
        taken = (record for record in self._records.values() if record.state is not JobState.REFUSED)
        return next((record.job.job_id for record in taken if job_id in record.job.supersedes), "")

    def _is_expired(self, job: Job) -> bool:
        return job.expires_at is not None and from_rfc3339(job.expires_at) <= self._now_utc()

    def _cancel(self, job_id: str) -> None:
        self._end_waiting(job_id, JobState.CANCELLED, "")
        if self._records[job_id].state is JobState.IN_PROGRESS:
            self._cancelled.add(job_id)

    def _end_waiting(self, job_id: str, state: JobState, reason: str) -> None:
        record = self._records.get(job_id)
        if record is not None and record.state in _WAITING:
            self.change(job_id, state, reason)

    def _change(self, record: JobRecord) -> None:
        self._keep(record)
        self.on_change()

    def _keep(self, record: JobRecord) -> None:
        job_id = record.job.job_id
        self._notes.keep_note(_PREFIX + job_id, record.model_dump(mode="json", by_alias=True))
        self._records[job_id] = record


def _is_cancellation(job: Job, known: Job) -> bool:
    """Whether nothing but the end is new in a later version."""
    return job == known.model_copy(update={"version": job.version, "is_cancelled": job.is_cancelled})


def _readable(notes: Mapping[str, object]) -> Iterator[JobRecord]:
    """Without what this software cannot read: a newer one may have kept it before this one was put back."""
    for name, document in notes.items():
        try:
            yield JobRecord.model_validate(document)
        except ValidationError as error:
            _log.error("the note %s is no job that this software knows and is left alone: %s", name, error)
