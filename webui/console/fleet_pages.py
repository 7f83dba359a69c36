"""Boxes, sites, jobs and rollouts."""

from collections.abc import Iterable, Sequence

from flask import Flask, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.errors import SettingsError
from webui.console.gate import requires
from webui.console.plots import histograms
from webui.console.roles import ConsoleRole
from webui.console.services import ConsoleServices
from webui.console.site_map import draw_map
from webui.console.views import BoxView, JobView, SiteView
from webui.console.words import say

Page = str | Response
SHOWN = ("all", "needing", "offline")
MOST_FAILURES = 20
BAR = (
    "succeeded", "in_progress", "deferred", "queued", "failed", "timed_out", "refused", "cancelled", "superseded",
    "not_begun",
)  # fmt: skip
"""States of a group in the order of its bar."""
_OPEN = ("queued", "deferred", "in_progress")
JOB_STATES = {"all": (), "failed": ("failed", "timed_out", "refused"), "open": _OPEN, "done": ("succeeded",)}
"""What the page of jobs can be asked for, to the states that it then shows; none: every one."""


def install_fleet(app: Flask, services: ConsoleServices) -> None:
    """The pages `overview`, `site`, `box`, `jobs` and `rollouts`."""

    @app.get("/")
    def overview() -> Page:
        boxes = services.boxes()
        sites = services.sites(boxes)
        wanted, shown = request.args.get("q", "").strip(), request.args.get("show", SHOWN[0])
        return render_template(
            "overview.html",
            boxes=boxes,
            sites=sites,
            plan=draw_map(sites),
            listed=_listed(boxes, {one.site: one.title for one in sites}, wanted, shown),
            q=wanted,
            show=shown,
            shows=SHOWN,
            refresh=True,
            section="overview",
        )

    @app.get("/site/<name>")
    def site(name: str) -> Page:
        return _site_page(services, name)

    @app.post("/site/<name>")
    @requires(ConsoleRole.OPERATOR)
    def name_site(name: str) -> Page | tuple[str, int]:
        _site(services.sites(services.boxes()), name)
        try:
            services.name_site(name, request.form.get("title", ""), _place(), g.account.name)
        except SettingsError as error:
            return _site_page(services, name, problem=f"{error.message}. {error.remedy}"), 400
        services.accounts.note(g.account.name, name, "named_site", {"title": request.form.get("title", "")})
        return redirect(url_for("site", name=name))

    @app.get("/box/<site>/<name>")
    def box(site: str, name: str) -> Page:
        boxes = services.boxes()
        found = next((one for one in boxes if (one.site, one.box) == (site, name)), None)
        if found is None:
            abort(404, say("no_such_box", name=f"{site}/{name}"))
        return render_template(
            "box.html",
            box=found,
            title=_site(services.sites(boxes), site).title,
            figures=[(one, histograms(one)) for one in services.models(found.name)],
            jobs=services.jobs(found.name),
            updates=services.updates(found.name),
            journal=services.journal(found.name),
            refresh=True,
            section="overview",
        )

    @app.get("/jobs")
    def jobs() -> Page:
        found = services.jobs(None)
        counts = {asked: sum(_is_in(job, states) for job in found) for asked, states in JOB_STATES.items()}
        shown = request.args.get("state", "all")
        listed = [job for job in found if _is_in(job, JOB_STATES.get(shown, ()))]
        return render_template("jobs.html", jobs=listed, counts=counts, show=shown, refresh=True, section="jobs")

    @app.get("/rollouts")
    def rollouts() -> Page:
        return render_template(
            "rollouts.html",
            rollouts=services.rollouts(),
            shown_states=BAR,
            most_failures=MOST_FAILURES,
            refresh=True,
            section="rollouts",
        )

    @app.post("/rollouts/<rollout_id>/pause")
    @requires(ConsoleRole.OPERATOR)
    def pause_rollout(rollout_id: str) -> Page:
        is_paused = request.form.get("is_paused") == "1"
        services.pause_rollout(rollout_id, is_paused)
        services.accounts.note(g.account.name, rollout_id, "paused_rollout" if is_paused else "resumed_rollout")
        return redirect(url_for("rollouts"))


def _is_in(job: JobView, states: Sequence[str]) -> bool:
    return not states or job.state in states


def _site_page(services: ConsoleServices, name: str, problem: str = "") -> str:
    boxes = [one for one in services.boxes() if one.site == name]
    found = _site(services.sites(boxes), name)
    return render_template(
        "site.html", site=found, boxes=boxes, problem=problem, refresh=not problem, section="overview"
    )


def _listed(boxes: Iterable[BoxView], titles: dict[str, str], wanted: str, shown: str) -> list[BoxView]:
    """Those whose name, site or software has the wanted text, and that need a person or are offline if so asked."""
    found = []
    for box in boxes:
        text = f"{box.name} {titles.get(box.site, '')} {box.software}".casefold()
        is_shown = {"needing": box.needs_person, "offline": not box.is_online}.get(shown, True)
        if is_shown and wanted.casefold() in text:
            found.append(box)
    return found


def _site(sites: Sequence[SiteView], name: str) -> SiteView:
    found = next((one for one in sites if one.site == name), None)
    if found is None:
        abort(404, say("no_such_site", name=name))
    return found


def _place() -> tuple[float, float] | None:
    """As the form says. Raises SettingsError for what is no pair of numbers."""
    latitude, longitude = (request.form.get(key, "").strip().replace(",", ".") for key in ("latitude", "longitude"))
    if not latitude and not longitude:
        return None
    try:
        return float(latitude), float(longitude)
    except ValueError as error:
        raise SettingsError(f"{latitude!r}, {longitude!r} is no place", say("place_remedy")) from error
