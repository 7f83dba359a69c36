"""How every box of the fleet is, as it last said itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.state_rows import known_states, next_state
from appliance.apps.fleet_server.tables import Whose, box_reports, box_states, desired, of_box, telemetry
from appliance.domain.instant import to_rfc3339
from appliance.fleet.shadow import ShadowDesired

_MOST_WISHES = 1_000_000_000
_AHEAD = timedelta(days=2)
_TWIN_FORGOTTEN = timedelta(minutes=10)


@dataclass(frozen=True)
class BoxRow:
    """One box.

    Attributes:
        state_at: when its birth, goodbye or will came, by the server's clock.
        has_twin: another device ran under its name in the last ten minutes.
        reports: "telemetry", "alerts" and "shadow" to (document, when it came); what never came is missing.
    """

    site: str
    box: str
    is_online: bool
    software: str
    state: dict[str, Any]
    state_at: str
    has_twin: bool
    reports: dict[str, tuple[dict[str, Any], str]]


class BoxStore:
    """States, reports and desired settings. Every method raises StoreError; calls from any thread and process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def take_states(self, states: Sequence[tuple[Whose, dict[str, Any]]], now_utc: datetime) -> tuple[Whose, ...]:
        """Births and wills of any boxes, in the order in which they came, in one commit; whose births were new.

        What is known already is not written anew: every worker hears every state.
        """
        now = to_rfc3339(now_utc, "microseconds")
        names = sorted({whose for whose, _ in states})
        if not names:
            return ()
        with self._database.transaction("keep the boxes' states") as connection:
            rows = known_states(connection, names)
            before = dict(rows)
            for whose, state in states:
                rows[whose] = next_state(rows.get(whose), whose, state, now)
            # In one order, so that two workers never wait for one another.
            changed = [row for name in names if (row := rows[name]) is not None and row != before.get(name)]
            if changed:
                connection.execute(self._database.replace(box_states), changed)
        return tuple((row["site"], row["box"]) for row in changed if row["is_online"])

    def take_report(self, whose: Whose, kind: str, document: dict[str, Any], now_utc: datetime) -> None:
        """A telemetry, the alerts or the reported settings, in the place of the earlier one."""
        self.take_reports([(whose, kind, document)], now_utc)

    def take_reports(self, reports: Sequence[tuple[Whose, str, dict[str, Any]]], now_utc: datetime) -> None:
        """Many, of any boxes, in one commit."""
        heard_at = to_rfc3339(now_utc, "microseconds")
        rows = [
            {"site": site, "box": box, "kind": kind, "document": json.dumps(document), "heard_at": heard_at}
            for (site, box), kind, document in reports
        ]
        history = [
            {"site": site, "box": box, "ts": document["ts"], "document": json.dumps(document)}
            for (site, box), kind, document in reports
            if kind == "telemetry"
        ]
        # In one order, so that two workers never wait for one another.
        rows.sort(key=lambda row: (row["site"], row["box"], row["kind"]))
        with self._database.transaction("keep the boxes' reports") as connection:
            if rows:
                connection.execute(self._database.replace(box_reports), rows)
            if history:
                connection.execute(self._database.insert_once(telemetry), history)
            for whose, kind, document in reports:
                if kind == "shadow":
                    self._raise_wish(connection, whose, document["desired_version"])

    def boxes(self, now_utc: datetime) -> tuple[BoxRow, ...]:
        """Every box that ever said something, by site and name."""
        since = to_rfc3339(now_utc - _TWIN_FORGOTTEN, "microseconds")
        with self._database.transaction("read the boxes") as connection:
            rows = connection.execute(select(box_states).order_by(box_states.c.site, box_states.c.box)).mappings().all()
            reports = self._reports(connection)
        return tuple(
            BoxRow(
                row["site"],
                row["box"],
                row["is_online"],
                row["software"],
                json.loads(row["state"]),
                row["state_at"],
                row["twin_at"] is not None and row["twin_at"] >= since,
                reports.get((row["site"], row["box"]), {}),
            )
            for row in rows
        )

    def want(self, whose: Whose, settings: dict[str, Any], by: str, now_utc: datetime) -> ShadowDesired:
        """Settings that a box shall have, in the place of the earlier wish; a worker tells it.

        Its version is above every one that the box has had, also where this database was put back to before.
        """
        with self._database.transaction("keep the desired settings") as connection:
            known = connection.execute(select(desired.c.version).where(of_box(desired, whose))).scalar() or 0
            version = max(known, self._reported_version(connection, whose))
            row = {
                "site": whose[0],
                "box": whose[1],
                "version": version + 1,
                "settings": json.dumps(settings),
                "set_at": to_rfc3339(now_utc, "microseconds"),
                "set_by": by,
                "is_told": False,
            }
            connection.execute(self._database.replace(desired), row)
        return ShadowDesired(version=version + 1, settings=settings, ts=to_rfc3339(now_utc))

    def untold(self, now_utc: datetime) -> Sequence[tuple[Whose, ShadowDesired]]:
        """Wishes that no box was told yet; each is given to one worker."""
        found = []
        with self._database.transaction("read the desired settings") as connection:
            for row in connection.execute(select(desired).where(~desired.c.is_told)).mappings().all():
                whose = (row["site"], row["box"])
                mine = update(desired).where(
                    of_box(desired, whose), desired.c.version == row["version"], ~desired.c.is_told
                )
                if connection.execute(mine.values(is_told=True)).rowcount == 1:
                    wish = ShadowDesired(
                        version=row["version"], settings=json.loads(row["settings"]), ts=to_rfc3339(now_utc)
                    )
                    found.append((whose, wish))
        return found

    def forget_telemetry(self, before_utc: datetime, now_utc: datetime, most: int = 50_000) -> int:
        """Drop some of what is older than that, and what is of a clock far ahead; how many.

        Args:
            most: rows; some more where many have the same time. So no statement takes longer than is waited for it.
        """
        first, last = to_rfc3339(before_utc), to_rfc3339(now_utc + _AHEAD)
        dropped = 0
        with self._database.transaction("drop old telemetry") as connection:
            for is_old in (telemetry.c.ts < first, telemetry.c.ts > last):
                newest = select(telemetry.c.ts).where(is_old).order_by(telemetry.c.ts).offset(most - 1).limit(1)
                bound = connection.execute(newest).scalar()
                piece = is_old if bound is None else and_(is_old, telemetry.c.ts <= bound)
                dropped += int(connection.execute(telemetry.delete().where(piece)).rowcount)
        return dropped

    def _reported_version(self, connection: Connection, whose: Whose) -> int:
        said = select(box_reports.c.document).where(of_box(box_reports, whose), box_reports.c.kind == "shadow")
        document = connection.execute(said).scalar()
        return _possible(0 if document is None else json.loads(document)["desired_version"])

    def _raise_wish(self, connection: Connection, whose: Whose, reported: int) -> None:
        """A box that has had a later wish than this database knows of would pass this one over for ever."""
        behind = update(desired).where(of_box(desired, whose), desired.c.version < _possible(reported))
        connection.execute(behind.values(version=_possible(reported) + 1, is_told=False))

    def _reports(self, connection: Connection) -> dict[Whose, dict[str, tuple[dict[str, Any], str]]]:
        found: dict[Whose, dict[str, tuple[dict[str, Any], str]]] = {}
        for row in connection.execute(select(box_reports)).mappings():
            whose = (row["site"], row["box"])
            found.setdefault(whose, {})[row["kind"]] = (json.loads(row["document"]), row["heard_at"])
        return found


def _possible(version: int) -> int:
    """0 for a number that no fleet has counted up to: one that a box made up must not be where the count ends."""
    return version if version < _MOST_WISHES else 0
