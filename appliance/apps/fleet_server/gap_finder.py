"""Numbers that a box has used and the fleet has not received."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select, update

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.tables import Whose, boxes, gaps, of_box, results
from appliance.domain.instant import to_rfc3339
from appliance.fleet.receipts import MOST_SEQS

_log = logging.getLogger(__name__)
_LONGEST_WAIT_S = 86_400.0
_ROWS_A_LOOK = 1000
MOST_STEP = 100_000
"""Results of decades of one box. A number that is further from the last one is wrong, and nothing lies between."""


def leaps(connection: Connection) -> dict[Whose, int]:
    """As `GapFinder.leaps`."""
    newest = select(func.max(results.c.seq)).where(results.c.site == boxes.c.site, results.c.box == boxes.c.box)
    found = select(boxes.c.site, boxes.c.box, newest.scalar_subquery().label("newest"), boxes.c.highest_seq).subquery()
    # A number that is only a little higher was kept a moment ago.
    query = select(found.c.site, found.c.box, found.c.newest).where(found.c.newest > found.c.highest_seq + MOST_STEP)
    # Before a look has found the leap, the wrong number is the highest.
    waiting = select(boxes.c.site, boxes.c.box, boxes.c.highest_seq).where(
        boxes.c.highest_seq > boxes.c.looked_seq + MOST_STEP
    )
    return {(site, box): seq for site, box, seq in connection.execute(query.union(waiting))}


@dataclass(frozen=True)
class MissingResults:
    """Results that one box is to send again, by its own numbers, ascending."""

    site: str
    box: str
    seqs: tuple[int, ...]


class GapFinder:
    """Finds gaps and says what to ask for, each number by one worker at a time. Every method raises StoreError.

    A box numbers its messages without gaps, so a number behind later ones was lost, or is a dead letter on the box. It
    is asked for again for ever, at last once a day: nothing but its arrival ends a gap.
    """

    def __init__(self, database: FleetDatabase, grace_s: float) -> None:
        self._database, self._grace_s = database, grace_s

    def look(self, now_utc: datetime) -> tuple[MissingResults, ...]:
        """Note new gaps; what is to be asked for now, and was not by another worker."""
        with self._database.transaction("look for gaps") as connection:
            behind = select(boxes).where(boxes.c.highest_seq > boxes.c.looked_seq).limit(_ROWS_A_LOOK)
            for site, box, looked, highest in connection.execute(behind.order_by(boxes.c.site, boxes.c.box)).all():
                self._advance(connection, (site, box), looked, highest, now_utc)
            return self._claim(connection, now_utc)

    def open_gaps(self) -> tuple[tuple[str, str, int, int], ...]:
        """(site, box, number, times asked) of everything that is missing."""
        query = select(gaps.c.site, gaps.c.box, gaps.c.seq, gaps.c.asked).order_by(gaps.c.site, gaps.c.box, gaps.c.seq)
        with self._database.transaction("read the gaps") as connection:
            return tuple((site, box, seq, asked) for site, box, seq, asked in connection.execute(query))

    def leaps(self) -> dict[Whose, int]:
        """Boxes that gave a result a number which cannot be, to the largest of these."""
        with self._database.transaction("read the numbers of results") as connection:
            return leaps(connection)

    def _advance(
        self, connection: Connection, whose: tuple[str, str], looked: int, highest: int, now_utc: datetime
    ) -> None:
        site, box = whose
        if highest - looked > MOST_STEP:
            highest = self._without_leap(connection, whose, looked)
        ahead = min(highest, looked + _ROWS_A_LOOK)
        query = select(results.c.seq).where(
            and_(results.c.site == site, results.c.box == box, results.c.seq > looked, results.c.seq <= ahead)
        )
        there = set(connection.execute(query).scalars())
        missing = [seq for seq in range(looked + 1, ahead + 1) if seq not in there]
        is_it = and_(boxes.c.site == site, boxes.c.box == box)
        connection.execute(update(boxes).where(is_it).values(looked_seq=ahead))
        if missing:
            self._note(connection, whose, missing, now_utc)

    def _without_leap(self, connection: Connection, whose: Whose, looked: int) -> int:
        """The highest number that can be true; what lies beyond stays kept, and `leaps` names it."""
        # First the box's row, which every worker that keeps results of it changes: else a number could be missed.
        connection.execute(select(boxes).where(of_box(boxes, whose)).with_for_update())
        beyond = looked + MOST_STEP
        of_it = select(func.max(results.c.seq)).where(of_box(results, whose))
        wrong = connection.execute(of_it).scalar()
        highest = max(looked, connection.execute(of_it.where(results.c.seq <= beyond)).scalar() or 0)
        _log.error("%s/%s numbered a result %s after %d; that number is wrong", *whose, wrong, highest)
        connection.execute(update(boxes).where(of_box(boxes, whose)).values(highest_seq=highest))
        return highest

    def _note(self, connection: Connection, whose: tuple[str, str], missing: Sequence[int], now_utc: datetime) -> None:
        seen_at = to_rfc3339(now_utc, "microseconds")
        ask_at = to_rfc3339(now_utc + timedelta(seconds=self._grace_s), "microseconds")
        rows = [
            {"site": whose[0], "box": whose[1], "seq": seq, "seen_at": seen_at, "asked": 0, "ask_at": ask_at}
            for seq in missing
        ]
        connection.execute(self._database.insert_once(gaps), rows)

    def _claim(self, connection: Connection, now_utc: datetime) -> tuple[MissingResults, ...]:
        now = to_rfc3339(now_utc, "microseconds")
        # Further ahead than any wait: from a clock that was wrong then.
        horizon = to_rfc3339(now_utc + timedelta(seconds=_LONGEST_WAIT_S + self._grace_s), "microseconds")
        is_due = or_(gaps.c.ask_at <= now, gaps.c.ask_at > horizon)
        due = select(gaps).where(is_due).order_by(gaps.c.site, gaps.c.box, gaps.c.seq)
        asked_for: dict[tuple[str, str], list[int]] = {}
        for row in connection.execute(due.limit(_ROWS_A_LOOK)).mappings().all():
            wait_s = min(_LONGEST_WAIT_S, self._grace_s * 2.0 ** min(row["asked"] + 1, 20))
            later = to_rfc3339(now_utc + timedelta(seconds=wait_s), "microseconds")
            # Only while it is due: another worker may have asked since it was read.
            mine = update(gaps).where(
                gaps.c.site == row["site"], gaps.c.box == row["box"], gaps.c.seq == row["seq"], is_due
            )
            if connection.execute(mine.values(asked=gaps.c.asked + 1, ask_at=later)).rowcount == 1:
                asked_for.setdefault((row["site"], row["box"]), []).append(row["seq"])
        return tuple(
            MissingResults(site, box, tuple(seqs[start : start + MOST_SEQS]))
            for (site, box), seqs in asked_for.items()
            for start in range(0, len(seqs), MOST_SEQS)
        )
