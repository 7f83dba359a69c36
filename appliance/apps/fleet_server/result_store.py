"""Results on the fleet's disk: each once, however often it comes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.model_counts import model_counts
from appliance.apps.fleet_server.reception import ReceivedResult, RefusedResult, refused_of
from appliance.apps.fleet_server.stated_times import is_doubtful
from appliance.apps.fleet_server.tables import boxes, gaps, model_figures, origins, refusals, results
from appliance.apps.fleet_server.worker_share import shared_name
from appliance.domain.box_topics import BoxTopics
from appliance.domain.instant import from_rfc3339, to_rfc3339

OTHER_CONTENT = "the fleet has another result under this id"


@dataclass(frozen=True)
class Taken:
    """What one commit has kept.

    Attributes:
        new: so many results.
        others: positions of those that are not kept, as something else is under their id.
    """

    new: int
    others: tuple[int, ...]


@dataclass(frozen=True)
class KeptExam:
    """One exam as the fleet knows it; `came_at` is set where the box says a time that cannot be."""

    site: str
    box: str
    exam_id: str
    finished_at: str
    came_at: str | None = None


class ResultStore:
    """The results of every box. Every method raises StoreError; calls from any thread and process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def keep(self, arrived: Sequence[ReceivedResult], refused: Sequence[RefusedResult], now_utc: datetime) -> int:
        """Keep all of them in one commit; how many were new. Those that are kept already stay as they are."""
        return self.take(arrived, refused, now_utc).new

    def take(self, arrived: Sequence[ReceivedResult], refused: Sequence[RefusedResult], now_utc: datetime) -> "Taken":
        """The same, and which of them are no duplicate of what is kept under their id, but something else."""
        stored_at = to_rfc3339(now_utc, "microseconds")
        others: tuple[int, ...] = ()
        with self._database.transaction("keep the results") as connection:
            new = 0
            if arrived:
                new = self._database.insert_all_once(connection, results, [_row(one, stored_at) for one in arrived])
                others = () if new == len(arrived) else tuple(self._others(connection, arrived))
                refused = [*refused, *(refused_of(_topic(arrived[at]), OTHER_CONTENT) for at in others)]
                same = [one for at, one in enumerate(arrived) if at not in others] if others else arrived
                found = [origin for one in same for origin in _origins(one)]
                self._database.insert_all_once(connection, origins, found)
                counted = [row for one in same for row in _model_rows(one, stored_at)]
                self._database.insert_all_once(connection, model_figures, counted)
                self._note_numbers(connection, same)
            if refused:
                rows = [{"topic": one.topic[:300], "reason": one.reason, "at": stored_at} for one in refused]
                connection.execute(self._database.insert_once(refusals), rows)
        return Taken(new, others)

    def _others(self, connection: Connection, arrived: Sequence[ReceivedResult]) -> Iterator[int]:
        """Of what was kept before or came in the same commit."""
        named = (results.c.msg_id, results.c.site, results.c.box, results.c.sha256)
        query = select(*named).where(results.c.msg_id.in_({one.msg_id for one in arrived}))
        kept = {msg_id: tuple(rest) for msg_id, *rest in connection.execute(query)}
        for at, one in enumerate(arrived):
            if kept[one.msg_id] != (one.site, one.box, one.sha256):
                yield at

    def exams_with(self, kind: str, value: str) -> tuple[KeptExam, ...]:
        """Every exam that any message measured with that engine ("sha256:..."), calibration or software."""
        query = (
            select(
                results.c.exam_id, results.c.site, results.c.box, results.c.finished_at, func.min(results.c.stored_at)
            )
            .group_by(results.c.exam_id, results.c.site, results.c.box, results.c.finished_at)
            .join(origins, origins.c.msg_id == results.c.msg_id)
            .where(origins.c.kind == kind, origins.c.value == value)
            .order_by(results.c.finished_at, results.c.exam_id)
        )
        with self._database.transaction("search the exams") as connection:
            rows = connection.execute(query).all()
        return tuple(
            KeptExam(site, box, exam_id, ended, came if is_doubtful(from_rfc3339(ended), from_rfc3339(came)) else None)
            for exam_id, site, box, ended, came in rows
        )

    def shared_name(self, group: str) -> str:
        """Of the shared subscription under which the workers of this database get results."""
        return shared_name(self._database, group)

    def count(self) -> int:
        """How many results are kept."""
        with self._database.transaction("count the results") as connection:
            return int(connection.execute(select(func.count()).select_from(results)).scalar_one())

    def refused(self) -> tuple[tuple[str, str], ...]:
        """(topic, reason) of what was refused, oldest first."""
        query = select(refusals.c.topic, refusals.c.reason).order_by(refusals.c.at)
        with self._database.transaction("read the refusals") as connection:
            return tuple((topic, reason) for topic, reason in connection.execute(query))

    def _note_numbers(self, connection: Connection, arrived: Sequence[ReceivedResult]) -> None:
        numbers = [{"site": one.site, "box": one.box, "seq": one.seq} for one in arrived]
        self._database.delete_all(connection, gaps, numbers)
        highest: dict[tuple[str, str], int] = {}
        for one in arrived:
            highest[one.site, one.box] = max(one.seq, highest.get((one.site, one.box), 0))
        rows = [
            {"site": site, "box": box, "looked_seq": 0, "highest_seq": seq}
            for (site, box), seq in sorted(highest.items())
        ]
        self._database.insert_all_or_raise(connection, boxes, boxes.c.highest_seq, rows)


def _topic(one: ReceivedResult) -> str:
    return BoxTopics(one.site, one.box).result(one.msg_id)


def _row(one: ReceivedResult, stored_at: str) -> dict[str, Any]:
    document = one.document
    taken = ("msg_id", "schema", "exam_id", "patient_pseudonym", "started_at", "finished_at")
    return {
        **{key: document[key] for key in taken},
        "site": one.site,
        "box": one.box,
        "seq": one.seq,
        "revision": document.get("revision", 0),
        "sha256": one.sha256,
        "payload": one.payload,
        "stored_at": stored_at,
    }


def _model_rows(one: ReceivedResult, stored_at: str) -> Iterator[dict[str, Any]]:
    for engines, counts in model_counts(one.document):
        yield {
            "msg_id": one.msg_id,
            "engines": engines[:400],
            "site": one.site,
            "box": one.box,
            "exam_id": one.document["exam_id"],
            "revision": one.document.get("revision", 0),
            "finished_at": one.document["finished_at"],
            "counts": json.dumps(counts),
            "stored_at": stored_at,
        }


def _origins(one: ReceivedResult) -> Iterator[dict[str, str]]:
    """What each image was measured with, once a message."""
    found = set()
    for image in one.document["images"]:
        software, calibration = image["software"], image["result"]["calibration_id"]
        found.add(("software", "", software["version"]))
        found.update(("engine", role, digest) for role, digest in software["engines"].items())
        if calibration is not None:
            found.add(("calibration", "", calibration))
    for kind, name, value in sorted(found):
        yield {"kind": kind, "name": name, "value": value, "msg_id": one.msg_id}
