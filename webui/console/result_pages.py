"""The explorer of results: filters, plots over time, and the exams themselves."""

from collections.abc import Callable, Sequence
from datetime import MAXYEAR, datetime, timezone

from flask import Flask, abort, render_template, request

from webui.console.fleet_pages import Page
from webui.console.plots import Scatter, over_time
from webui.console.services import ConsoleServices, ResultFilter
from webui.console.views import FigureView, ResultView


def install_results(app: Flask, services: ConsoleServices) -> None:
    """The page `results`."""

    @app.get("/results")
    def results() -> Page:
        asked = ResultFilter(
            site=request.args.get("site", ""),
            box=request.args.get("box", ""),
            engine=request.args.get("engine", ""),
            since=_day("since"),
            until=_day("until"),
        )
        boxes, found = services.boxes(), services.results(asked)
        plots = [
            ("apical_um", _over_time(found, lambda one: one.apical_um)),
            ("density_per_mm", _over_time(found, lambda one: one.density_per_mm)),
        ]
        return render_template(
            "results.html",
            results=found,
            plots=plots,
            sites=services.sites(boxes),
            boxes=sorted(one.box for one in boxes if one.site == asked.site),
            engines=services.engines(),
            asked=asked,
            section="results",
        )


def _over_time(found: Sequence[ResultView], of: Callable[[ResultView], FigureView | None]) -> Scatter | None:
    points = [(one.finished_at_utc, of(one), one.box) for one in found]
    return over_time([(at, None if figure is None else figure.value, box) for at, figure, box in points])


def _day(key: str) -> datetime | None:
    """A day of the query, at its beginning in UTC."""
    text = request.args.get(key, "")
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        abort(400, f"{key}: {text[:20]}")
    if day.year == MAXYEAR:  # its last day has none after it
        abort(400, f"{key}: {text[:20]}")
    return day
