"""What box and fleet say to one another about jobs."""

import logging
import threading
from collections.abc import Sequence

from appliance.domain.box_topics import BoxTopics, place_of
from appliance.domain.instant import to_rfc3339
from appliance.fleet.job_book import JobBook
from appliance.fleet.jobs import JobAnswer, JobGet, JobNotify, JobUpdate, SignedJob
from appliance.fleet.message import read_message
from appliance.ports import Clock, Publication

_log = logging.getLogger(__name__)

EVERY_JOB = "all"
"""Asked for on each connection; the answer is a notification of all that is pending."""
TOLD_AGAIN_S = 60.0


class JobConversation:
    """Asks for jobs on every connection and after every notification; tells each state until the fleet has it."""

    def __init__(self, topics: BoxTopics, book: JobBook, clock: Clock) -> None:
        self._topics, self._book, self._clock = topics, book, clock
        self._asked: list[str] = []
        self._told: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    @property
    def filters(self) -> Sequence[str]:
        return (self._topics.jobs_notify, *self._topics.job_answers)

    def connected(self) -> None:
        with self._lock:
            self._asked = [EVERY_JOB]
            self._told.clear()

    def due(self) -> Sequence[Publication]:
        with self._lock:
            asked, self._asked = self._asked, []
        ts = to_rfc3339(self._clock.now_utc())
        found = [Publication(self._topics.job_get(job_id), JobGet(job_id=job_id, ts=ts).payload()) for job_id in asked]
        now_s = self._clock.monotonic_s()
        for record in self._book.unaccepted():
            version, told_s = self._told.get(record.job.job_id, (0, 0.0))
            if record.version == version and now_s - told_s < TOLD_AGAIN_S:
                continue
            self._told[record.job.job_id] = (record.version, now_s)
            update = JobUpdate(
                job_id=record.job.job_id,
                version=record.version,
                state=record.state,
                step=record.step,
                reason=record.reason,
                detail=record.detail,
                boot_id=record.boot_id,
                ts=ts,
            )
            found.append(
                Publication(self._topics.job_update(record.job.job_id), update.payload(), shorter=_cut(update))
            )
        return found

    def received(self, topic: str, payload: bytes) -> bool:
        place = place_of(topic)
        rest = "" if place is None else place.rest
        if rest == "jobs/notify":
            self._notified(read_message(JobNotify, payload))
        elif rest.endswith("/get/accepted"):
            signed = read_message(SignedJob, payload)
            if reason := self._book.take(signed):
                _log.error("job %s was not taken: %s", signed.job.job_id, reason)
        elif rest.endswith(("/update/accepted", "/update/rejected")):
            answer = read_message(JobAnswer, payload)
            self._book.accepted(answer.job_id, answer.version)
        return rest.startswith("jobs/")

    def _notified(self, notify: JobNotify) -> None:
        """A job that has ended here and is pending there is told again, now.

        The fleet's database was put back to before, or nobody listened when it was told.
        """
        for one in notify.pending:
            record = self._book.record(one.job_id)
            if record is None or record.job.version < one.version:
                with self._lock:
                    self._asked.append(one.job_id)
            elif record.state.is_final:
                self._book.tell_again(one.job_id)
                with self._lock:
                    self._told.pop(one.job_id, None)


def _cut(update: JobUpdate) -> bytes | None:
    """Without its detail, such as log lines, which some brokers do not take at once."""
    if update.detail is None:
        return None
    reason = update.reason or "the detail is larger than the broker accepts; raise its limit and make the job anew"
    return update.model_copy(update={"detail": None, "reason": reason}).payload()
