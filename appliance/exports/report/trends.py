"""The comparison with earlier exams: plots, and which change means something."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.honest_digits import rounded
from appliance.domain.repeatability import PUBLISHED, FigureChange, change, is_by_another_rule
from appliance.domain.trend import COMPARED, COUNTS, PLOTTED, decimals_of, per_image
from appliance.exports.report import terms
from appliance.exports.report.cells import MISSING, finger_name
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.material import EarlierExam, Material, engines_of
from appliance.exports.report.plots import Point, trend_svg

_WIDE, _SMALL = (330.0, 118.0), (158.0, 78.0)


@dataclass(frozen=True)
class Plot:
    """A plot with what it shows and the value of this exam."""

    title: str
    newest: str
    unit: str
    svg: Markup


@dataclass(frozen=True)
class ChangeRow:
    """One figure against the exam before.

    Attributes:
        name, unit: of the figure.
        before, now: its values; an en dash where there is none.
        by: "+1.2"; an en dash where either exam has no value.
        limit: smallest change that counts; empty where none is known.
        meaning: in words.
        is_significant: None where it cannot be said.
    """

    name: str
    unit: str
    before: str
    now: str
    by: str
    limit: str
    meaning: str
    is_significant: bool | None


@dataclass(frozen=True)
class Trends:
    """Everything of the comparison; `rows` are against the newest earlier exam.

    Attributes:
        previous: its date.
        limits: which change counts and how the limit was derived, in words.
        has_other_engines: the two exams were measured by different networks.
    """

    plots: tuple[Plot, ...]
    finger_plots: tuple[Plot, ...]
    rows: tuple[ChangeRow, ...]
    previous: str
    exams: int
    limits: str
    has_other_engines: bool


def trends_of(localisation: Localisation, material: Material) -> Trends | None:
    """None where there is no earlier exam."""
    if not material.earlier:
        return None
    now = EarlierExam(
        material.reviewed.exam.exam_id,
        material.reviewed.exam.started_at_utc,
        material.figures,
        engines_of(material.reviewed),
    )
    exams, previous = (*material.earlier, now), material.earlier[-1]
    return Trends(
        plots=tuple(plot for key in PLOTTED if (plot := _of_exam(localisation, exams, key)) is not None),
        finger_plots=tuple(_of_fingers(localisation, exams, "density_per_mm")),
        rows=tuple(change_row(localisation, key, previous.figures.exam, now.figures.exam) for key in COMPARED),
        previous=localisation.date(previous.started_at_utc),
        exams=len(exams),
        limits=_limits(localisation),
        has_other_engines=bool(previous.engines) and dict(previous.engines) != dict(now.engines),
    )


def _limits(localisation: Localisation) -> str:
    """How the smallest change that counts was derived, its numbers from the table."""
    of_density = PUBLISHED["density_per_mm"]
    one, eight = (of_density.smallest_detectable_change(fingers) or 0.0 for fingers in (1, 8))
    return localisation(
        "A change counts if it exceeds both the 95 % uncertainty of the difference and, for density, the smallest "
        "detectable change derived from the repeatability of images taken again after a week (intraclass correlation "
        "{icc}, within one visit {same}; standard deviation over patients {sd}/mm): {one}/mm for a finger, {eight}/mm "
        "for the mean of eight, of whose error only the part within one visit averages out.",
        icc=localisation.number(of_density.icc, 2),
        same=localisation.number(of_density.icc_same_visit, 2),
        sd=localisation.number(of_density.between_patients_sd or 0.0, 1),
        one=localisation.number(one, 1),
        eight=localisation.number(eight, 1),
    )


def _signed(localisation: Localisation, rounded: float, decimals: int) -> str:
    """With its sign; what rounds to nothing has none."""
    sign = "+" if rounded > 0 else "\N{MINUS SIGN}" if rounded < 0 else ""
    return f"{sign}{localisation.number(abs(rounded), decimals)}"


def change_row(localisation: Localisation, key: str, before: Figures, now: Figures) -> ChangeRow:
    """One figure of two exams side by side; counts are for each image."""
    pair = per_image(key, before), per_image(key, now)
    found = change(key, *pair)
    decimals = min(decimals_of(key), max(decimals_of(key, one) for one in pair))
    then, newest = (
        localisation.number(one.value, decimals_of(key, one)) if isinstance(one.value, int | float) else MISSING
        for one in pair
    )
    unit = terms.UNITS[DEFINITIONS[key].unit]
    if found is None:
        why = (
            localisation("counted by another rule") if is_by_another_rule(*pair) else localisation("cannot be compared")
        )
        return ChangeRow(_title(localisation, key), unit, then, newest, MISSING, "", why, None)
    by = _signed(localisation, rounded(found.by, decimals), decimals)
    limit = "" if found.limit is None else localisation.number(found.limit, decimals)
    return ChangeRow(
        _title(localisation, key), unit, then, newest, by, limit, localisation(_meaning(found)), found.is_significant
    )


def _meaning(found: FigureChange) -> str:
    return _MEANINGS[found.is_significant, found.is_limit_published]


def _n(message: str) -> str:
    return message


_MEANINGS = {
    (True, True): _n("significant"),
    (False, True): _n("within repeatability"),
    (True, False): _n("beyond the measurement uncertainty; no published limit"),
    (False, False): _n("within the measurement uncertainty; no published limit"),
    (None, False): _n("no published limit"),
    (None, True): _n("no published limit"),
}


def _of_exam(localisation: Localisation, exams: Sequence[EarlierExam], key: str) -> Plot | None:
    return _plot(
        localisation, key, _title(localisation, key), [(one, per_image(key, one.figures.exam)) for one in exams], _WIDE
    )


def _of_fingers(localisation: Localisation, exams: Sequence[EarlierExam], key: str) -> list[Plot]:
    plots = []
    for hand, finger in exams[-1].figures.fingers:
        found = [
            (one, one.figures.fingers[hand, finger][key]) for one in exams if (hand, finger) in one.figures.fingers
        ]
        plot = _plot(localisation, key, finger_name(localisation, hand, finger), found, _SMALL)
        if plot is not None:
            plots.append(plot)
    return plots


def _title(localisation: Localisation, key: str) -> str:
    name = localisation(terms.FIGURES[key])
    return localisation("{figure} per image", figure=name) if key in COUNTS else name


def _plot(
    localisation: Localisation,
    key: str,
    title: str,
    found: Sequence[tuple[EarlierExam, Figure]],
    size: tuple[float, float],
) -> Plot | None:
    points: list[Point] = []
    before: Figure | None = None
    for exam, figure in found:
        if isinstance(figure.value, int | float):
            is_joined = before is None or not is_by_another_rule(before, figure)
            points.append(Point(exam.started_at_utc, float(figure.value), figure.uncertainty or 0.0, is_joined))
            before = figure
    if not points:
        return None
    decimals = decimals_of(key, found[-1][1])
    newest = (
        localisation.number(points[-1].value, decimals) if points[-1].at == found[-1][0].started_at_utc else MISSING
    )
    svg = trend_svg(localisation, title, points, size, DEFINITIONS[key].cuts)
    return Plot(title, newest, terms.UNITS[DEFINITIONS[key].unit], svg)
