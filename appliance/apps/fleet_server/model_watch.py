"""The watch over the networks of every box: distributions against a reference period, and what has drifted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.model_drift import (
    CURRENT_EXAMS,
    FIGURES,
    REFERENCE_EXAMS,
    Counts,
    Drift,
    ModelFigure,
    compare,
    is_drifting,
)
from appliance.apps.fleet_server.stated_times import likely_end
from appliance.apps.fleet_server.tables import Whose, boxes, model_drifts, model_figures, model_references, of_box
from appliance.domain.instant import to_rfc3339

_LATE_COMMITS = timedelta(minutes=1)


@dataclass(frozen=True)
class Periods:
    """One figure of one box in both periods; exams x bins each.

    Attributes:
        drift: None while either period has too little.
    """

    figure: ModelFigure
    reference: Counts
    current: Counts
    drift: Drift | None


@dataclass(frozen=True)
class RaisedDrift:
    """A figure that is not what it was.

    Attributes:
        since: when it was raised, by the server's clock.
    """

    figure: str
    since: str
    index: float
    limit: float


class ModelWatch:
    """Every method raises StoreError; calls from any thread and process.

    The networks that a box ran last are watched. Their reference is the first exams with them on that box, or the first
    since a person began a new reference; the current period is the newest exams, never one of the reference's.
    """

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database
        self._looked_until: datetime | None = None
        self._next_look_utc: datetime | None = None
        self._due: list[Whose] = []

    def step(self, every_s: float, now_utc: datetime, most: int = 4) -> int:
        """Judge so many of the boxes that had results since they were last looked for; how many are left.

        Several workers may look at the same: they come to the same.

        Args:
            every_s: boxes with new results are looked for that often.
        """
        if not self._due and (self._next_look_utc is None or now_utc >= self._next_look_utc):
            self._due = self._with_results_since(self._looked_until)
            self._looked_until, self._next_look_utc = now_utc - _LATE_COMMITS, now_utc + timedelta(seconds=every_s)
        judged, self._due = self._due[:most], self._due[most:]
        for whose in judged:
            self.judge(whose, to_rfc3339(now_utc, "microseconds"))
        return len(self._due)

    def _with_results_since(self, since_utc: datetime | None) -> list[Whose]:
        if since_utc is None:
            query = select(boxes.c.site, boxes.c.box)  # every box that ever sent one, without reading all figures
        else:
            is_new = model_figures.c.stored_at >= to_rfc3339(since_utc, "microseconds")
            query = select(model_figures.c.site, model_figures.c.box).distinct().where(is_new)
        with self._database.transaction("look for boxes with new results") as connection:
            return sorted((site, box) for site, box in connection.execute(query))

    def judge(self, whose: Whose, now: str) -> None:
        """Look at one box and keep what was found.

        Args:
            now: as in the table.
        """
        with self._database.transaction("judge the networks of a box") as connection:
            query = select(model_drifts).where(of_box(model_drifts, whose))
            known = {row["figure"]: row for row in connection.execute(query).mappings()}
            engines, periods = self._periods(connection, whose)
            rows = [
                _row(whose, engines, one, known.get(one.figure.key), now) for one in periods if one.drift is not None
            ]
            connection.execute(model_drifts.delete().where(of_box(model_drifts, whose)))
            if rows:
                connection.execute(self._database.replace(model_drifts), rows)

    def periods(self, whose: Whose) -> tuple[Periods, ...]:
        """Every figure of the networks that the box ran last, for a picture of both periods."""
        with self._database.transaction("read the figures of a box") as connection:
            return tuple(self._periods(connection, whose)[1])

    def raised(self) -> dict[Whose, list[RaisedDrift]]:
        """What has drifted, by box."""
        limits = {figure.key: figure.raise_at for figure in FIGURES}
        found: dict[Whose, list[RaisedDrift]] = {}
        with self._database.transaction("read what has drifted") as connection:
            for row in connection.execute(select(model_drifts).where(model_drifts.c.is_raised)).mappings():
                drift = RaisedDrift(row["figure"], row["since"], row["stability_index"], limits[row["figure"]])
                found.setdefault((row["site"], row["box"]), []).append(drift)
        return found

    def begin_reference(self, whose: Whose, by: str, now_utc: datetime) -> None:
        """From now on: after a repair or a change that is meant to be seen. What was raised is judged anew."""
        now = to_rfc3339(now_utc, "microseconds")
        row = {"site": whose[0], "box": whose[1], "since": to_rfc3339(now_utc), "set_at": now, "set_by": by}
        with self._database.transaction("begin a new reference") as connection:
            connection.execute(self._database.replace(model_references), row)
        self.judge(whose, now)

    def _periods(self, connection: Connection, whose: Whose) -> tuple[str, list[Periods]]:
        newest = select(model_figures.c.engines).where(of_box(model_figures, whose))
        engines = connection.execute(newest.order_by(likely_end(model_figures).desc()).limit(1)).scalar() or ""
        since = select(model_references.c.since).where(of_box(model_references, whose))
        query = (
            select(model_figures.c.exam_id, model_figures.c.revision, model_figures.c.counts)
            .where(of_box(model_figures, whose), model_figures.c.engines == engines)
            .where(likely_end(model_figures) >= (connection.execute(since).scalar() or ""))
            .order_by(likely_end(model_figures), model_figures.c.finished_at, model_figures.c.revision)
        )
        exams = list(_exams((row.exam_id, row.revision, row.counts) for row in connection.execute(query)))
        return engines, [_divide(figure, exams) for figure in FIGURES]


Bins = Mapping[str, int]


def _exams(rows: Iterator[tuple[str, int, str]]) -> Iterator[Mapping[str, Bins]]:
    """Figure to counts of each exam, oldest first: the machine's own, and corrections of the newest revision."""
    found: dict[str, dict[int, Any]] = {}
    for exam_id, revision, counts in rows:
        found.setdefault(exam_id, {})[revision] = json.loads(counts)
    for by_revision in found.values():
        yield {**by_revision.get(0, {}), **by_revision[max(by_revision)]}


def _divide(figure: ModelFigure, exams: Sequence[Mapping[str, Bins]]) -> Periods:
    having = [one[figure.key] for one in exams if one.get(figure.key)]
    counts = np.zeros((len(having), figure.bins), dtype=np.int64)
    for at, bins in enumerate(having):
        for number, count in bins.items():
            counts[at, int(number)] = count
    reference, others = counts[:REFERENCE_EXAMS], counts[REFERENCE_EXAMS:]
    current = others[-CURRENT_EXAMS:]
    is_enough = len(reference) == REFERENCE_EXAMS and len(current) == CURRENT_EXAMS
    return Periods(figure, reference, current, compare(figure, reference, current) if is_enough else None)


def _row(whose: Whose, engines: str, one: Periods, known: Any, now: str) -> dict[str, Any]:
    assert one.drift is not None
    was_raised = known is not None and known["engines"] == engines and known["is_raised"]
    is_raised = is_drifting(one.figure, one.drift, was_raised)
    return {
        "site": whose[0],
        "box": whose[1],
        "figure": one.figure.key,
        "engines": engines,
        "stability_index": one.drift.index,
        "chance": one.drift.chance,
        "is_raised": is_raised,
        "since": known["since"] if known is not None and is_raised == known["is_raised"] else now,
    }
