"""Jobs of the fleet, and what the boxes made of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, true, update
from sqlalchemy.sql import and_

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.tables import Whose, jobs, of_box
from appliance.domain.errors import SettingsError
from appliance.domain.instant import to_rfc3339
from appliance.fleet.jobs import JobNotify, JobReference, JobState, JobUpdate, SignedJob

_OPEN = tuple(state.value for state in JobState if not state.is_final)


@dataclass(frozen=True)
class JobRow:
    """One job as the fleet knows it."""

    signed: SignedJob
    state: JobState
    step: str | None
    reason: str
    detail: dict[str, Any] | None
    made_by: str
    made_at: str
    changed_at: str


class JobStore:
    """Every method raises StoreError; calls from any thread and process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def add(self, signed: SignedJob, by: str, now_utc: datetime) -> None:
        """A new job, or a higher version of one. Raises SettingsError for a version that is not higher."""
        with self._database.transaction("keep the job") as connection:
            self.add_within(connection, signed, by, now_utc)

    def add_within(self, connection: Connection, signed: SignedJob, by: str, now_utc: datetime) -> None:
        """The same as a part of a transaction."""
        now, job, document = to_rfc3339(now_utc, "microseconds"), signed.job, signed.payload().decode()
        known = connection.execute(select(jobs).where(_is(signed))).mappings().first()
        if known is not None and known["version"] >= job.version:
            raise SettingsError(f"there is a job {job.job_id} of version {known['version']} already")
        if known is not None:
            changes = {"version": job.version, "signed": document, "changed_at": now, "is_told": False}
            connection.execute(update(jobs).where(_is(signed)).values(**changes))
            return
        row = {
            "job_id": job.job_id,
            "site": signed.site,
            "box": signed.box,
            "kind": job.kind,
            "version": job.version,
            "signed": document,
            "state": JobState.QUEUED.value,
            "state_version": 0,
            "reason": "",
            "made_at": now,
            "made_by": by,
            "changed_at": now,
            "is_told": False,
        }
        connection.execute(jobs.insert().values(**row))

    def job(self, whose: Whose, job_id: str) -> JobRow | None:
        """One job of one box."""
        found = self._rows(and_(of_box(jobs, whose), jobs.c.job_id == job_id))
        return found[0] if found else None

    def all(self, whose: Whose | None = None) -> tuple[JobRow, ...]:
        """Of one box, or of all; newest first."""
        return self._rows(true() if whose is None else of_box(jobs, whose))

    def pending(self, whose: Whose, now_utc: datetime) -> JobNotify:
        """Every job of a box that is not final."""
        query = select(jobs.c.job_id, jobs.c.version).where(
            jobs.c.site == whose[0], jobs.c.box == whose[1], jobs.c.state.in_(_OPEN)
        )
        with self._database.transaction("read the jobs") as connection:
            found = connection.execute(query.order_by(jobs.c.made_at)).all()
        pending = tuple(JobReference(job_id=job_id, version=version) for job_id, version in found)
        return JobNotify(pending=pending, ts=to_rfc3339(now_utc))

    def untold(self) -> Sequence[Whose]:
        """Boxes with a job of which they were not told; each is given to one worker."""
        with self._database.transaction("read the jobs") as connection:
            found = connection.execute(select(jobs.c.site, jobs.c.box).where(~jobs.c.is_told).distinct()).all()
            told = []
            for site, box in found:
                mine = update(jobs).where(jobs.c.site == site, jobs.c.box == box, ~jobs.c.is_told)
                if connection.execute(mine.values(is_told=True)).rowcount:
                    told.append((site, box))
        return told

    def take_update(self, whose: Whose, change: JobUpdate, now_utc: datetime) -> str:
        """Keep how far a job is; why it will never be kept, empty where it is or an equal one was."""
        is_it = and_(of_box(jobs, whose), jobs.c.job_id == change.job_id)
        with self._database.transaction("keep the job's state") as connection:
            known = connection.execute(select(jobs.c.state, jobs.c.state_version).where(is_it)).first()
            if known is None:
                return "the fleet knows no such job"
            if known.state_version >= change.version:
                return "" if known.state == change.state.value else "a newer state is known"
            values = {
                "state": change.state.value,
                "state_version": change.version,
                "step": change.step,
                "reason": change.reason,
                "detail": None if change.detail is None else json.dumps(change.detail),
                "changed_at": to_rfc3339(now_utc, "microseconds"),
            }
            connection.execute(update(jobs).where(is_it, jobs.c.state_version < change.version).values(**values))
        return ""

    def _rows(self, condition: Any) -> tuple[JobRow, ...]:
        query = select(jobs).where(condition).order_by(jobs.c.made_at.desc(), jobs.c.job_id)
        with self._database.transaction("read the jobs") as connection:
            return tuple(
                JobRow(
                    SignedJob.model_validate_json(row["signed"]),
                    JobState(row["state"]),
                    row["step"],
                    row["reason"],
                    None if row["detail"] is None else json.loads(row["detail"]),
                    row["made_by"],
                    row["made_at"],
                    row["changed_at"],
                )
                for row in connection.execute(query).mappings()
            )


def _is(signed: SignedJob) -> Any:
    return and_(jobs.c.job_id == signed.job.job_id, jobs.c.site == signed.site, jobs.c.box == signed.box)
