"""What a worker does with everything that boxes say beside their results."""

import logging
from collections.abc import Sequence
from typing import Any

from appliance import schemas
from appliance.apps.fleet_server.audit_store import AuditStore
from appliance.apps.fleet_server.barred_boxes import BarredBoxes
from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.quick_json import quick_keepable_loads
from appliance.apps.fleet_server.tables import Whose
from appliance.domain.box_topics import HOST_SITE, ROOT, BoxTopics, place_of
from appliance.domain.errors import ExportError
from appliance.domain.instant import to_rfc3339
from appliance.fleet.audit import Audit, AuditHave
from appliance.fleet.jobs import JobAnswer, JobGet, JobUpdate
from appliance.fleet.message import read_message
from appliance.ports import Clock, Publication

_log = logging.getLogger(__name__)
_REPORTS = {
    "telemetry": "nailfold.telemetry-1",
    "alerts": "nailfold.alerts-1",
    "shadow/reported": "nailfold.shadow-reported-1",
}
_EVERY_JOB = "all"
_MOST_UNUSABLE = 10_000


class BoxMessageService:
    """Keeps what came and says what to answer; the answers go out after the commit.

    Every worker hears states, alerts and reported settings, because retained messages come over no shared subscription;
    to keep one twice changes nothing. The rest is dealt out.
    """

    def __init__(self, database: FleetDatabase, clock: Clock) -> None:
        self.boxes, self.jobs, self.audit = BoxStore(database), JobStore(database), AuditStore(database)
        self.barred = BarredBoxes(database)
        self._clock = clock
        self._unusable: dict[str, str] = {}

    @staticmethod
    def filters(group: str) -> tuple[str, ...]:
        """What a worker listens on."""
        heard_by_all = ("state", "alerts", "shadow/reported")
        dealt_out = ("telemetry", "audit/+", "jobs/+/get", "jobs/+/update")
        return (
            *(f"{ROOT}/+/+/{rest}" for rest in heard_by_all),
            *(f"$share/{group}/{ROOT}/+/+/{rest}" for rest in dealt_out),
        )

    def take(self, messages: Sequence[tuple[str, bytes]]) -> list[Publication]:
        """Keep them all; what to answer. Raises StoreError, and then nothing is answered."""
        answers: list[Publication] = []
        journals: dict[Whose, list[Audit]] = {}
        reports: list[tuple[Whose, str, dict[str, Any]]] = []
        states: list[tuple[Whose, dict[str, Any]]] = []
        for topic, payload in messages:
            place = place_of(topic)
            if place is None or place.site == HOST_SITE:
                continue
            whose = (place.site, place.box)
            try:
                if place.rest.startswith("audit/"):
                    entry = read_message(Audit, payload)
                    journals.setdefault(whose, []).append(entry)
                elif not payload:
                    continue  # what was retained is taken away
                elif place.rest == "state":
                    states.append((whose, _checked("nailfold.state-1", payload)))
                elif place.rest in _REPORTS:
                    kind = place.rest.partition("/")[0]
                    reports.append((whose, kind, _checked(_REPORTS[place.rest], payload)))
                else:
                    answers += self._take_one(whose, place.rest, payload)
            except (ExportError, ValueError) as error:
                self._note_unusable(topic, str(error)[:300])
        answers += self._take_states(states)
        if reports:
            self.boxes.take_reports(reports, self._clock.now_utc())
        for whose, entries in journals.items():
            seq = self.audit.take(whose, entries, self._clock.now_utc())
            have = AuditHave(seq=seq, ts=self._ts())
            answers.append(Publication(BoxTopics(*whose).audit_have, have.payload()))
        return answers

    def untold(self) -> list[Publication]:
        """Jobs and settings that somebody made since the last call. Raises StoreError."""
        now_utc = self._clock.now_utc()
        found = [
            Publication(BoxTopics(*whose).jobs_notify, self.jobs.pending(whose, now_utc).payload())
            for whose in self.jobs.untold()
        ]
        for whose, wish in self.boxes.untold(now_utc):
            found.append(Publication(BoxTopics(*whose).shadow_desired, wish.payload(), is_retained=True))
        return found

    def _note_unusable(self, topic: str, why: str) -> None:
        """Once, not with each telemetry of each box that is newer than this server."""
        if self._unusable.get(topic) != why:
            _log.warning("what came on %s cannot be used: %s", topic, why)
        if len(self._unusable) >= _MOST_UNUSABLE:
            self._unusable.clear()
        self._unusable[topic] = why

    def _take_one(self, whose: Whose, rest: str, payload: bytes) -> list[Publication]:
        now_utc = self._clock.now_utc()
        if rest.endswith("/get"):
            return [self._give_job(whose, read_message(JobGet, payload).job_id)]
        if rest.endswith("/update"):
            change = read_message(JobUpdate, payload)
            reason = self.jobs.take_update(whose, change, now_utc)
            answer = JobAnswer(job_id=change.job_id, version=change.version, reason=reason, ts=self._ts())
            ending = "rejected" if reason else "accepted"
            return [Publication(f"{BoxTopics(*whose).job_update(change.job_id)}/{ending}", answer.payload())]
        return []

    def _take_states(self, states: Sequence[tuple[Whose, dict[str, Any]]]) -> list[Publication]:
        """A box may have told its journal while nobody listened: at its birth it learns how far it is here."""
        if not states:
            return []
        now_utc, newest = self._clock.now_utc(), dict(states)
        for whose in self.boxes.take_states(states, now_utc):
            head = newest[whose].get("journal")
            if head is not None:
                self.audit.compare(whose, head["seq"], head["hash"], now_utc)
        born = sorted({whose for whose, state in states if state["is_online"]})
        if not born:
            return []
        ts, have = self._ts(), self.audit.have(born)
        return [
            Publication(BoxTopics(*whose).audit_have, AuditHave(seq=have[whose], ts=ts).payload()) for whose in born
        ]

    def _give_job(self, whose: Whose, job_id: str) -> Publication:
        topics = BoxTopics(*whose)
        if job_id == _EVERY_JOB:
            return Publication(topics.jobs_notify, self.jobs.pending(whose, self._clock.now_utc()).payload())
        row = self.jobs.job(whose, job_id)
        if row is not None:
            return Publication(f"{topics.job_get(job_id)}/accepted", row.signed.payload())
        answer = JobAnswer(job_id=job_id, version=1, reason="the fleet knows no such job", ts=self._ts())
        return Publication(f"{topics.job_get(job_id)}/rejected", answer.payload())

    def _ts(self) -> str:
        return to_rfc3339(self._clock.now_utc())


def _checked(name: str, payload: bytes) -> dict[str, Any]:
    document: dict[str, Any] = quick_keepable_loads(payload)
    schemas.validate(name, document)
    return document
