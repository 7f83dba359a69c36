"""Small trend plots as SVG: points with their uncertainty over the dates of a patient's exams."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from appliance.exports.report.localisation import Localisation

_LEFT, _RIGHT, _TOP, _BOTTOM, _INSET = 24.0, 6.0, 6.0, 16.0, 8.0
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_MOST_STEPS = 5
_FAMILY = "Nailfold Inter, Nailfold Inter Ext, Inter Variable, DejaVu Sans, sans-serif"
# As attributes: WeasyPrint applies no style sheet inside SVG, and the pages' security policy allows no style attribute.
_STROKES = {
    "grid": 'stroke="#d3dae1" stroke-width="0.6"',
    "cut": 'stroke="#b45309" stroke-width="0.9" stroke-dasharray="3 2.5"',
    "off": 'stroke="#2f4bb8" stroke-width="1" stroke-opacity="0.55"',
}


@dataclass(frozen=True)
class Point:
    """One exam in a plot.

    Attributes:
        off: half the 95 % interval, 0 where none is known.
        is_joined: with the point before it; not where the two count by different rules.
    """

    at: datetime
    value: float
    off: float = 0.0
    is_joined: bool = True


@dataclass(frozen=True)
class _Frame:
    """Where values and dates lie, in pixels of the drawing."""

    width: float
    height: float
    highest: float
    first_s: float
    last_s: float

    def x(self, point: Point) -> float:
        span = self.last_s - self.first_s
        share = (point.at.timestamp() - self.first_s) / span if span else 0.5
        return _LEFT + _INSET + share * (self.width - _LEFT - _RIGHT - 2 * _INSET)

    def y(self, value: float) -> float:
        return self.height - _BOTTOM - value / self.highest * (self.height - _TOP - _BOTTOM)

    def across(self, kind: str, value: float) -> str:
        return _line(kind, _LEFT, self.y(value), self.width - _RIGHT, self.y(value))


def trend_svg(
    localisation: Localisation,
    title: str,
    points: Sequence[Point],
    size: tuple[float, float],
    cuts: Sequence[float] = (),
) -> Markup:
    """A plot of one or more points, oldest first.

    Args:
        title: for readers who do not see it.
        size: width and height in CSS pixels.
        cuts: values with a meaning, drawn as dashed lines.
    """
    step, highest = _scale(max([*(point.value + point.off for point in points), *cuts]))
    frame = _Frame(*size, highest, points[0].at.timestamp(), points[-1].at.timestamp())
    parts = [
        *_ticks(localisation, frame, step),
        *(frame.across("cut", cut) for cut in cuts),
        *_course(frame, points),
        *_dates(localisation, frame, points),
    ]
    width, height = size
    head = f'<svg class="plot" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">'
    return Markup(f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>")  # noqa: S704 (own parts)


def _scale(top: float) -> tuple[float, float]:
    """Step and end of an axis from 0."""
    step = next((one for one in _STEPS if top / one <= _MOST_STEPS), _STEPS[-1])
    return step, step * max(1, math.ceil(top / step))


def _ticks(localisation: Localisation, frame: _Frame, step: float) -> list[str]:
    parts = []
    for index in range(round(frame.highest / step) + 1):
        value = index * step
        label = localisation.number(value, 1 if step < 1 else 0)
        parts += [frame.across("grid", value), _text(_LEFT - 4, frame.y(value) + 2.6, label, "end")]
    return parts


def _course(frame: _Frame, points: Sequence[Point]) -> list[str]:
    places = [(frame.x(point), frame.y(point.value)) for point in points]
    runs: list[list[str]] = []
    for (x, y), point in zip(places, points, strict=True):
        if not runs or not point.is_joined:
            runs.append([])
        runs[-1].append(f"{x:.1f},{y:.1f}")
    parts = [f'<polyline points="{" ".join(run)}" fill="none" stroke="#2f4bb8" stroke-width="1.4"/>' for run in runs]
    for (x, y), point in zip(places, points, strict=True):
        if point.off:
            parts.append(
                _line("off", x, frame.y(max(0.0, point.value - point.off)), x, frame.y(point.value + point.off))
            )
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="#2f4bb8"/>')
    return parts


def _dates(localisation: Localisation, frame: _Frame, points: Sequence[Point]) -> list[str]:
    y = frame.height - 4
    if len(points) == 1:
        return [_text(frame.x(points[0]), y, localisation.month(points[0].at), "middle")]
    ends = (points[0], "start", _LEFT), (points[-1], "end", frame.width - _RIGHT)
    return [_text(x, y, localisation.month(point.at), anchor) for point, anchor, x in ends]


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {_STROKES[kind]}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="#5b6774" font-family="{_FAMILY}" font-size="8">{escape(text)}</text>'
