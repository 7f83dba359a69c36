"""What the console shows, from the fleet's database."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from appliance.apps.fleet_server.audit_store import AuditStore
from appliance.apps.fleet_server.box_store import BoxRow, BoxStore
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.gap_finder import leaps
from appliance.apps.fleet_server.job_store import JobRow, JobStore
from appliance.apps.fleet_server.model_drift import CURRENT_EXAMS, REFERENCE_EXAMS
from appliance.apps.fleet_server.model_watch import ModelWatch, Periods, RaisedDrift
from appliance.apps.fleet_server.rollouts import RolloutStore, Stage
from appliance.apps.fleet_server.site_store import Site, SiteStore
from appliance.apps.fleet_server.stated_times import is_doubtful, likely_end
from appliance.apps.fleet_server.tables import audit_heads, desired, gaps, of_box, origins, results
from appliance.apps.fleet_server.tables import barred as barred_table
from appliance.domain.bands import CUTS_OF
from appliance.domain.honest_digits import decimals_of_value, digits
from appliance.domain.instant import from_rfc3339, to_rfc3339
from appliance.ports import Clock
from webui.console.services import ResultFilter
from webui.console.views import (
    AcceptedJournalView,
    AlertView,
    AuditView,
    BoxView,
    FigureView,
    GroupView,
    JobView,
    JournalView,
    ModelView,
    ResultView,
    RolloutView,
    SiteView,
    UpdateView,
)

MOST_RESULTS = 500
_SILENT = timedelta(minutes=10)
_AWAY = timedelta(days=1)


class ConsoleViews:
    """Every method raises StoreError where the database is away."""

    def __init__(self, database: FleetDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._boxes, self._jobs, self._audit = BoxStore(database), JobStore(database), AuditStore(database)
        self._models, self._sites = ModelWatch(database), SiteStore(database)

    def boxes(self) -> tuple[BoxView, ...]:
        """All, those that need a person first, then by name."""
        now = self._clock.now_utc()
        rows = self._boxes.boxes(now)
        with self._database.transaction("read the boxes") as connection:
            missing = {
                (site, box): int(count)
                for site, box, count in connection.execute(
                    select(gaps.c.site, gaps.c.box, func.count()).group_by(gaps.c.site, gaps.c.box)
                )
            }
            broken = {(row.site, row.box) for row in connection.execute(select(audit_heads)) if row.problem}
            barred = {(row.site, row.box): row.at for row in connection.execute(select(barred_table))}
            leaping = {
                whose: connection.execute(
                    select(func.min(results.c.stored_at)).where(of_box(results, whose), results.c.seq == seq)
                ).scalar()
                for whose, seq in leaps(connection).items()
            }
            wished = {(row.site, row.box): json.loads(row.settings) for row in connection.execute(select(desired))}
        drifts = self._models.raised()
        views = [
            _box(row, now, missing.get((row.site, row.box), 0), (row.site, row.box) in broken, wished) for row in rows
        ]
        views = [
            replace(view, alerts=(*view.alerts, *map(_drift_alert, drifts.get((view.site, view.box), ()))))
            for view in views
        ]
        views = [
            replace(view, alerts=(*view.alerts, AlertView("number_leap", from_rfc3339(at))))
            if (at := leaping.get((view.site, view.box)))
            else view
            for view in views
        ]
        views = [
            replace(view, alerts=(AlertView("barred", from_rfc3339(at)), *view.alerts))
            if (at := barred.get((view.site, view.box)))
            else view
            for view in views
        ]
        return tuple(sorted(views, key=lambda view: (not view.needs_person, view.site, view.box)))

    def sites(self, boxes: Sequence[BoxView]) -> tuple[SiteView, ...]:
        """The sites of these boxes, by their names."""
        named, by_site = self._sites.all(), defaultdict[str, list[BoxView]](list)
        for box in boxes:
            by_site[box.site].append(box)
        return tuple(_site(site, named.get(site), members) for site, members in sorted(by_site.items()))

    def name_site(self, site: str, title: str, place: tuple[float, float] | None, by: str) -> None:
        """What people call a site and where it is. Raises SettingsError too."""
        self._sites.keep(site, title, place, by, self._clock.now_utc())

    def models(self, name: str) -> tuple[ModelView, ...]:
        """The watched figures of a box's networks."""
        whose = _whose(name)
        raised = {one.figure for one in self._models.raised().get(whose, [])}
        return tuple(_model(one, one.figure.key in raised) for one in self._models.periods(whose))

    def jobs(self, name: str | None) -> tuple[JobView, ...]:
        """Of one box, or of all; newest first."""
        whose = None if name is None else _whose(name)
        return tuple(
            JobView(
                f"{row.signed.site}/{row.signed.box}",
                row.signed.job.job_id,
                row.signed.job.kind,
                str(row.signed.job.parameters.get("bundle", "")),
                row.state.value,
                row.reason,
                row.made_by,
                from_rfc3339(row.made_at),
                from_rfc3339(row.changed_at),
            )
            for row in self._jobs.all(whose)[:MOST_RESULTS]
        )

    def updates(self, name: str) -> tuple[UpdateView, ...]:
        """The newest of each kind that this box was asked for."""
        newest: dict[str, UpdateView] = {}
        for row in self._jobs.all(_whose(name)):
            if row.signed.job.kind.startswith("update-"):
                newest.setdefault(row.signed.job.kind, _update(row))
        return tuple(newest.values())

    def rollouts(self) -> tuple[RolloutView, ...]:
        """Newest first."""
        return tuple(
            RolloutView(
                one.rollout_id,
                one.bundle,
                one.failed_share,
                one.threshold,
                one.is_paused,
                tuple(_group(stage) for stage in one.stages),
            )
            for one in RolloutStore(self._database).all()
        )

    def journal(self, name: str) -> JournalView:
        """Of a box, with its newest entries."""
        whose, now = _whose(name), self._clock.now_utc()
        return JournalView(
            self._audit.problem(whose),
            tuple(
                AcceptedJournalView(from_rfc3339(one.at), one.by, one.because, one.problem)
                for one in self._audit.acceptances(whose)
            ),
            tuple(
                AuditView(one.seq, at := from_rfc3339(one.at), one.actor, one.action, one.subject, is_doubtful(at, now))
                for one in self._audit.entries(whose, 50)
            ),
        )

    def results(self, asked: ResultFilter) -> tuple[ResultView, ...]:
        """The newest exams, each in its newest revision."""
        newest_first = (likely_end(results).desc(), results.c.finished_at.desc(), results.c.revision.desc())
        query = select(results).order_by(*newest_first).limit(MOST_RESULTS)
        for column, value in ((results.c.site, asked.site), (results.c.box, asked.box)):
            query = query.where(column == value) if value else query
        if asked.engine:
            with_it = select(origins.c.msg_id).where(origins.c.kind == "engine", origins.c.value == asked.engine)
            query = query.where(results.c.msg_id.in_(with_it))
        if asked.since is not None:
            query = query.where(likely_end(results) >= to_rfc3339(asked.since))
        if asked.until is not None:
            query = query.where(likely_end(results) < to_rfc3339(asked.until + timedelta(days=1)))
        newest: dict[str, ResultView] = {}
        with self._database.transaction("read the results") as connection:
            for row in connection.execute(query).mappings():
                if row["exam_id"] not in newest:
                    newest[row["exam_id"]] = _result(row)
        return tuple(newest.values())

    def engines(self) -> tuple[str, ...]:
        """Digests that any kept result was measured with."""
        query = select(origins.c.value).where(origins.c.kind == "engine").distinct().order_by(origins.c.value)
        with self._database.transaction("read the engines") as connection:
            return tuple(connection.execute(query).scalars())


def _group(stage: Stage) -> GroupView:
    counts = Counter("not_begun" if state is None else state.value for state in stage.boxes.values())
    failed = [name for name, state in stage.boxes.items() if state and state.is_final and state.value != "succeeded"]
    return GroupView(stage.number + 1, dict(counts), tuple((name, stage.reasons[name]) for name in sorted(failed)))


def _update(row: JobRow) -> UpdateView:
    facts, desired = row.detail or {}, str(row.signed.job.parameters.get("bundle", ""))
    told = [str(facts.get(fact, "")) for fact in ("installed", "booted", "confirmed")]
    return UpdateView(row.signed.job.kind, row.state.value, row.reason, desired, *told)


def _whose(name: str) -> tuple[str, str]:
    site, _, box = name.partition("/")
    return site, box


def _box(
    row: BoxRow, now: datetime, missing: int, is_broken: bool, wished: dict[tuple[str, str], dict[str, Any]]
) -> BoxView:
    telemetry, heard = row.reports.get("telemetry", ({}, None))
    state_at = from_rfc3339(row.state_at)
    heard_at = None if heard is None else from_rfc3339(heard)
    told = row.reports.get("alerts", ({"alerts": []}, ""))[0]["alerts"]
    alerts = [
        AlertView(one["code"], at := from_rfc3339(one["since"]), one["value"], one["limit"], is_doubtful(at, now))
        for one in told
    ]
    if row.has_twin:
        alerts.append(AlertView("twin", state_at))
    if is_broken:
        alerts.append(AlertView("journal_broken", state_at))
    if row.is_online and heard_at is not None and now - max(heard_at, state_at) > _SILENT:
        alerts.append(AlertView("silent", heard_at))
    if not row.is_online and now - state_at > _AWAY:
        alerts.append(AlertView("away", state_at))
    return BoxView(
        row.site,
        row.box,
        row.is_online,
        state_at,
        row.software,
        heard_at,
        tuple(alerts),
        telemetry,
        row.state["engines"],
        _not_in_force(wished.get((row.site, row.box), {}), row.reports.get("shadow", ({}, ""))[0]),
        missing,
    )


def _not_in_force(wished: dict[str, Any], reported: dict[str, Any]) -> dict[str, str]:
    settings, refused = reported.get("settings", {}), reported.get("refused", {})
    return {key: refused.get(key, "") for key, value in wished.items() if settings.get(key) != value}


def _result(row: Any) -> ResultView:
    document = json.loads(row["payload"])
    stated, came = from_rfc3339(row["finished_at"]), from_rfc3339(row["stored_at"])
    is_wrong = is_doubtful(stated, came)
    return ResultView(
        f"{row['site']}/{row['box']}",
        row["exam_id"],
        row["patient_pseudonym"],
        came if is_wrong else stated,
        len(document["images"]),
        _figure(document, "density_per_mm"),
        _figure(document, "mean_apical_um"),
        "validated_at" in document,
        stated if is_wrong else None,
    )


def _site(site: str, named: Site | None, boxes: Sequence[BoxView]) -> SiteView:
    return SiteView(
        site,
        site if named is None else named.title,
        None if named is None else named.place,
        len(boxes),
        sum(box.is_online for box in boxes),
        sum(box.needs_person for box in boxes),
    )


def _drift_alert(drift: RaisedDrift) -> AlertView:
    return AlertView(f"drift_{drift.figure}", from_rfc3339(drift.since), drift.index, drift.limit)


def _model(one: Periods, is_raised: bool) -> ModelView:
    figure = one.figure
    return ModelView(
        figure.key,
        figure.is_share,
        figure.step,
        tuple(one.reference.sum(axis=0).tolist()),
        tuple(one.current.sum(axis=0).tolist()),
        (len(one.reference), len(one.current)),
        (REFERENCE_EXAMS, CURRENT_EXAMS),
        None if one.drift is None else one.drift.index,
        figure.raise_at,
        is_raised,
    )


def _figure(document: dict[str, Any], key: str) -> FigureView | None:
    """With as many digits as the box printed."""
    figure = document.get("figures", {}).get(key)
    if figure is None or figure["value"] is None:
        return None
    value, off = figure["value"], figure["uncertainty"]
    decimals = decimals_of_value(value, off, 1, CUTS_OF.get(key, ()))
    said = digits(value, decimals)
    return FigureView(value, said if off is None else f"{said} \N{PLUS-MINUS SIGN} {digits(off, decimals)}")
