"""Results on the fleet's disk: each once, however often it comes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.model_counts import model_counts
from appliance.apps.fleet_server.reception import ReceivedResult, RefusedResult
from appliance.apps.fleet_server.tables import boxes, gaps, model_figures, origins, refusals, results
from appliance.apps.fleet_server.worker_share import shared_name
from appliance.domain.instant import to_rfc3339


@dataclass(frozen=True)
class KeptExam:
    """One exam as the fleet knows it."""

    site: str
    box: str
    exam_id: str
    finished_at: str


class ResultStore:
    """The results of every box. Every method raises StoreError; calls from any thread and process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def keep(self, arrived: Sequence[ReceivedResult], refused: Sequence[RefusedResult], now_utc: datetime) -> int:
        """Keep all of them in one commit; how many were new. Those that are kept already stay as they are."""
        stored_at = to_rfc3339(now_utc, "microseconds")
        with self._database.transaction("keep the results") as connection:
            new = 0
            if arrived:
                rows = [_row(one, stored_at) for one in arrived]
                new = self._database.insert_all_once(connection, results, rows)
                found = [origin for one in arrived for origin in _origins(one)]
                self._database.insert_all_once(connection, origins, found)
                counted = [row for one in arrived for row in _model_rows(one, stored_at)]
                self._database.insert_all_once(connection, model_figures, counted)
                self._note_numbers(connection, arrived)
            if refused:
                rows = [{"topic": one.topic[:300], "reason": one.reason, "at": stored_at} for one in refused]
                connection.execute(self._database.insert_once(refusals), rows)
        return new

    def exams_with(self, kind: str, value: str) -> tuple[KeptExam, ...]:
        """Every exam that any message measured with that engine ("sha256:..."), calibration or software."""
        query = (
            select(results.c.exam_id, results.c.site, results.c.box, results.c.finished_at)
            .distinct()
            .join(origins, origins.c.msg_id == results.c.msg_id)
            .where(origins.c.kind == kind, origins.c.value == value)
            .order_by(results.c.finished_at, results.c.exam_id)
        )
        with self._database.transaction("search the exams") as connection:
            rows = connection.execute(query).all()
        return tuple(KeptExam(site, box, exam_id, finished_at) for exam_id, site, box, finished_at in rows)

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
