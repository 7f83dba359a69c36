"""Small trend plots as SVG: points with their uncertainty over the dates of a patient's exams."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from appliance.domain.metrics import EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM
from appliance.exports.report.words import Words

_LEFT, _RIGHT, _TOP, _BOTTOM = 26.0, 12.0, 10.0, 18.0
_BANDS = {"density_per_mm": (EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM)}
_STEPS = (0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Point:
    """One exam in a plot; `off` is half the 95 % interval, 0 where none is known."""

    at: datetime
    value: float
    off: float = 0.0


def trend_svg(
    words: Words, key: str, title: str, points: Sequence[Point], size: tuple[float, float], decimals: int
) -> Markup:
    """A plot of the points, oldest first; colours come from the report's style sheet by class.

    Args:
        size: width and height in CSS pixels.
        decimals: of the printed newest value.
    """
    width, height = size
    top = max((point.value + point.off for point in points), default=1.0)
    step = next((one for one in _STEPS if top / one <= 4), _STEPS[-1])
    highest = step * max(1, -(-top // step))
    first, last = points[0].at.timestamp(), points[-1].at.timestamp()
    span = (last - first) or 1.0

    def x(point: Point) -> float:
        share = 0.5 if first == last else (point.at.timestamp() - first) / span
        return _LEFT + 8 + share * (width - _LEFT - _RIGHT - 16)

    def y(value: float) -> float:
        return height - _BOTTOM - value / highest * (height - _TOP - _BOTTOM)

    parts = [f'<svg class="plot" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">']
    parts.append(f"<title>{escape(title)}</title>")
    for cut in _BANDS.get(key, ()):
        if cut < highest:
            parts.append(_line("plot-cut", _LEFT, y(cut), width - _RIGHT, y(cut)))
    for tick in range(int(highest / step) + 1):
        at = y(tick * step)
        parts.append(_line("plot-grid", _LEFT, at, width - _RIGHT, at))
        parts.append(_text("plot-tick", _LEFT - 5, at + 3, words.number(tick * step, int(step < 1)), "end"))
    places = [(x(point), y(point.value)) for point in points]
    if len(places) > 1:
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
        parts.append(f'<polyline class="plot-line" points="{path}" fill="none"/>')
    for (px, py), point in zip(places, points, strict=True):
        if point.off:
            parts.append(_line("plot-off", px, y(max(0.0, point.value - point.off)), px, y(point.value + point.off)))
        parts.append(f'<circle class="plot-point" cx="{px:.1f}" cy="{py:.1f}" r="3"/>')
    parts.append(
        _text("plot-value", places[-1][0] - 7, places[-1][1] - 6, words.number(points[-1].value, decimals), "end")
    )
    parts.append(
        _text("plot-tick", places[0][0], height - 5, words.short_date(points[0].at), _anchor(len(points), True))
    )
    if len(points) > 1:
        parts.append(_text("plot-tick", places[-1][0], height - 5, words.short_date(points[-1].at), "end"))
    return Markup("".join([*parts, "</svg>"]))


def _anchor(count: int, is_first: bool) -> str:
    return "start" if count > 1 and is_first else "middle"


def _line(css: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(css: str, x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
