"""A bundle for many boxes, group after group; the next begins only when somebody says so."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils
from sqlalchemy import Connection, and_, select, update

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.tables import Whose, jobs, of_box, rollout_boxes, rollouts
from appliance.domain.counted import counted
from appliance.domain.errors import SettingsError
from appliance.domain.instant import to_rfc3339
from appliance.fleet.jobs import JobState, SignedJob

_SYSTEM = "system/"


def what_is_asked(bundle: str) -> tuple[str, dict[str, str]]:
    """Kind and parameters of the job: "system/NAME" is a system, any other name a bundle of networks."""
    if bundle.startswith(_SYSTEM):
        return "update-system", {"bundle": bundle.removeprefix(_SYSTEM)}
    return "update-engines", {"bundle": bundle}


@dataclass(frozen=True)
class Stage:
    """One group of a rollout.

    Attributes:
        boxes: names to the state of their job; None for those whose turn has not come.
        reasons: names to what the box said last; empty where it said nothing.
    """

    number: int
    boxes: dict[str, JobState | None]
    reasons: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """State to how many boxes; "not begun" for those whose turn has not come."""
        return dict(Counter("not begun" if state is None else state.value for state in self.boxes.values()))


@dataclass(frozen=True)
class Rollout:
    """One bundle on its way to the boxes."""

    rollout_id: str
    bundle: str
    threshold: float
    is_paused: bool
    stages: tuple[Stage, ...]

    @property
    def failed_share(self) -> float:
        """Of the boxes whose job has ended: those where it did not succeed."""
        ended = [state for stage in self.stages for state in stage.boxes.values() if state and state.is_final]
        return sum(state is not JobState.SUCCEEDED for state in ended) / len(ended) if ended else 0.0

    @property
    def under_way(self) -> int:
        """Boxes whose job has not ended: also those that are away."""
        asked = [state for stage in self.stages for state in stage.boxes.values() if state is not None]
        return sum(not state.is_final for state in asked)


class RolloutStore:
    """Rollouts and their jobs. Every method raises StoreError; calls from any process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database, self._jobs = database, JobStore(database)

    def start(
        self,
        bundle: str,
        boxes: Sequence[Whose],
        shares: Sequence[float],
        threshold: float,
        by: str,
        now_utc: datetime,
    ) -> str:
        """A new rollout, of which no box has heard yet; its id.

        Args:
            shares: of all boxes, group by group, such as 0.01 and 0.1; who is left is the last group.
            threshold: with a larger share of failures no further group begins.

        Raises:
            SettingsError: there is no box, a share is none, or some of these boxes have the bundle before them in a
                rollout that somebody else has started.
        """
        if not boxes or not all(0 < share < 1 for share in shares) or sum(shares) >= 1:
            raise SettingsError("a rollout needs boxes, and shares that are above 0 and together below 1")
        rollout_id = str(uuid_utils.uuid7())
        # The same boxes are not always the first: their order hangs on the bundle.
        order = sorted(boxes, key=lambda one: hashlib.sha256(f"{bundle} {one[0]}/{one[1]}".encode()).digest())
        bounds = [max(1, round(len(order) * sum(shares[: count + 1]))) for count in range(len(shares))]
        rows = [
            {
                "rollout_id": rollout_id,
                "site": site,
                "box": box,
                "stage": sum(place >= bound for bound in bounds),
                "job_id": "",
            }
            for place, (site, box) in enumerate(order)
        ]
        with self._database.transaction("keep the rollout") as connection:
            self._database.hold(connection, rollouts)
            if other := self._under_way(connection, bundle, boxes):
                raise SettingsError(
                    f"{bundle} is on its way to some of these boxes in the rollout {other}",
                    "Go on with: nailfold fleet rollout next, or end that one: rollout back.",
                )
            row = {
                "rollout_id": rollout_id,
                "bundle": bundle,
                "threshold": threshold,
                "is_paused": False,
                "made_at": to_rfc3339(now_utc, "microseconds"),
                "made_by": by,
            }
            connection.execute(rollouts.insert().values(**row))
            connection.execute(rollout_boxes.insert(), rows)
        return rollout_id

    def rollout(self, rollout_id: str) -> Rollout:
        """How far it is. Raises SettingsError for one that there is not."""
        with self._database.transaction("read the rollout") as connection:
            row = connection.execute(select(rollouts).where(rollouts.c.rollout_id == rollout_id)).mappings().first()
            members = self._members(connection, rollout_id)
        if row is None:
            raise SettingsError(f"there is no rollout {rollout_id}", "See: nailfold fleet rollout list.")
        stages: dict[int, Stage] = {}
        for one in members:
            stage, name = stages.setdefault(one["stage"], Stage(one["stage"], {}, {})), f"{one['site']}/{one['box']}"
            stage.boxes[name] = None if one["state"] is None else JobState(one["state"])
            stage.reasons[name] = one["reason"] or ""
        ordered = tuple(stage for _, stage in sorted(stages.items()))
        return Rollout(rollout_id, row["bundle"], row["threshold"], row["is_paused"], ordered)

    def all(self) -> tuple[Rollout, ...]:
        """Newest first."""
        with self._database.transaction("read the rollouts") as connection:
            query = select(rollouts.c.rollout_id).order_by(rollouts.c.made_at.desc())
            found = connection.execute(query).scalars().all()
        return tuple(self.rollout(rollout_id) for rollout_id in found)

    def pause(self, rollout_id: str, is_paused: bool) -> None:
        """No further group begins, or may again. Jobs that boxes already have go on."""
        with self._database.transaction("pause the rollout") as connection:
            is_it = rollouts.c.rollout_id == rollout_id
            connection.execute(update(rollouts).where(is_it).values(is_paused=is_paused))

    def next_group(self, rollout_id: str, maker: JobMaker, by: str, now_utc: datetime, *, force: bool = False) -> int:
        """Ask the next group; how many boxes.

        Args:
            force: also while boxes of earlier groups have not ended; never beyond the threshold or in a pause.

        Raises:
            SettingsError: it is paused, too many failed, some are still under way, somebody else was first, or no group
                is left.
        """
        now = self.rollout(rollout_id)
        if now.is_paused:
            raise SettingsError("the rollout is paused", "Go on with: nailfold fleet rollout resume.")
        if now.failed_share > now.threshold:
            self.pause(rollout_id, True)
            raise SettingsError(
                f"{now.failed_share:.0%} of the boxes failed, {now.threshold:.0%} are allowed: the rollout is paused"
            )
        if now.under_way and not force:
            raise SettingsError(
                f"{counted(now.under_way, 'box has', 'boxes have')} not ended yet", "Wait for them, or add --force."
            )
        waiting = [stage for stage in now.stages if None in stage.boxes.values()]
        if not waiting:
            raise SettingsError("every group was asked already")
        # Signed before and kept together: nothing is half asked, whatever happens meanwhile.
        kind, parameters = what_is_asked(now.bundle)
        names = [_whose(name) for name, state in waiting[0].boxes.items() if state is None]
        made = [maker.make(whose, kind, parameters, now_utc) for whose in names]
        with self._database.transaction("keep the rollout") as connection:
            claimed = [signed for signed in made if self._claim(connection, rollout_id, signed)]
            for signed in claimed:
                self._jobs.add_within(connection, signed, by, now_utc)
        if not claimed:
            raise SettingsError("somebody else has just asked this group", "See: nailfold fleet rollout list.")
        return len(claimed)

    def back(self, rollout_id: str, bundle: str, maker: JobMaker, by: str, now_utc: datetime) -> int:
        """Pause, cancel what has not begun, and ask every box that took the bundle for another; how many.

        Raises:
            SettingsError: one is a system and the other is not, so that nothing would go back.
        """
        kind, parameters = what_is_asked(bundle)
        gone = self.rollout(rollout_id).bundle
        if what_is_asked(gone)[0] != kind:
            raise SettingsError(f"{bundle} does not take the place of {gone}", "Name the one before: --to system/NAME.")
        self.pause(rollout_id, True)
        asked = 0
        for name, state in ((n, s) for stage in self.rollout(rollout_id).stages for n, s in stage.boxes.items()):
            if state is None or (state.is_final and state is not JobState.SUCCEEDED):
                continue
            whose = _whose(name)
            if not state.is_final:
                self._cancel(rollout_id, whose, maker, by, now_utc)
            self._jobs.add(maker.make(whose, kind, parameters, now_utc), by, now_utc)
            asked += 1
        return asked

    def _claim(self, connection: Connection, rollout_id: str, signed: SignedJob) -> bool:
        """Whether that job is its box's one of this rollout: of two people who ask at once, one is first."""
        mine = update(rollout_boxes).where(
            rollout_boxes.c.rollout_id == rollout_id,
            of_box(rollout_boxes, (signed.site, signed.box)),
            rollout_boxes.c.job_id == "",
        )
        return connection.execute(mine.values(job_id=signed.job.job_id)).rowcount == 1

    def _under_way(self, connection: Connection, bundle: str, boxes: Sequence[Whose]) -> str:
        """Another rollout of that bundle which has some of these boxes still before it; empty: none."""
        before = (rollout_boxes.c.rollout_id == rollouts.c.rollout_id) & (rollout_boxes.c.job_id == "")
        query = select(rollout_boxes.c.rollout_id, rollout_boxes.c.site, rollout_boxes.c.box).join(rollouts, before)
        wanted = set(boxes)
        found = connection.execute(query.where(rollouts.c.bundle == bundle, ~rollouts.c.is_paused))
        return next((rollout_id for rollout_id, site, box in found if (site, box) in wanted), "")

    def _cancel(self, rollout_id: str, whose: Whose, maker: JobMaker, by: str, now_utc: datetime) -> None:
        with self._database.transaction("read the rollout") as connection:
            is_it = (rollout_boxes.c.rollout_id == rollout_id) & of_box(rollout_boxes, whose)
            job_id = connection.execute(select(rollout_boxes.c.job_id).where(is_it)).scalar_one()
        row = self._jobs.job(whose, job_id)
        if row is not None and not row.signed.job.is_cancelled:
            self._jobs.add(maker.cancel(row.signed), by, now_utc)

    def _members(self, connection: Connection, rollout_id: str) -> Sequence[Any]:
        """With the state of their jobs; None where there is no job yet."""
        its_job = and_(
            jobs.c.site == rollout_boxes.c.site,
            jobs.c.box == rollout_boxes.c.box,
            jobs.c.job_id == rollout_boxes.c.job_id,
        )
        query = (
            select(rollout_boxes.c.site, rollout_boxes.c.box, rollout_boxes.c.stage, jobs.c.state, jobs.c.reason)
            .select_from(rollout_boxes.outerjoin(jobs, its_job))
            .where(rollout_boxes.c.rollout_id == rollout_id)
        )
        rows: Sequence[Any] = connection.execute(query).mappings().all()
        return rows


def _whose(name: str) -> Whose:
    site, _, box = name.partition("/")
    return site, box
