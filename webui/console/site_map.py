"""Sites on a plain map: latitude and longitude at one scale in the middle, no picture of the Earth below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from webui.console.plots import Tick
from webui.console.views import SiteView

WIDTH, MOST_HEIGHT = 960.0, 620.0
_MARGIN = 0.07
_LEAST_SPAN_DEG = 2.0
_GRID = (1, 2, 5, 10, 20, 45)
_LETTER, _LINE = 12.0, 18.0
"""Of a label: the width of its usual letter in a wide font, and its height."""


@dataclass(frozen=True)
class NamePlace:
    """Where a name is written: its foot line, and which part of it stands at `x` (SVG's text-anchor)."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class MapSite:
    """One site at its place.

    Attributes:
        r: grows with the number of its boxes.
        label: on the side where it covers the fewest sites; None where none is needed.
    """

    site: SiteView
    x: float
    y: float
    r: float
    label: NamePlace | None = None


@dataclass(frozen=True)
class SiteMap:
    """User units of an SVG of that size.

    Attributes:
        meridians, parallels: lines with their degrees.
        sites: those that need a person last, so that nothing covers them.
    """

    width: float
    height: float
    meridians: tuple[Tick, ...]
    parallels: tuple[Tick, ...]
    sites: tuple[MapSite, ...]


def draw_map(sites: Sequence[SiteView]) -> SiteMap | None:
    """None where fewer than two sites have a place."""
    placed = [(one, *one.place) for one in sites if one.place is not None]
    if len(placed) < 2:
        return None
    south, north = _span([latitude for _, latitude, _ in placed])
    west, east = _span([longitude for _, _, longitude in placed])
    # Degrees of longitude are shorter away from the equator.
    narrower = math.cos(math.radians((south + north) / 2))
    height = min(MOST_HEIGHT, WIDTH * (north - south) / max(1e-6, (east - west) * narrower))

    def x(longitude: float) -> float:
        return round(WIDTH * (longitude - west) / (east - west), 1)

    def y(latitude: float) -> float:
        return round(height * (north - latitude) / (north - south), 1)

    step = next((one for one in _GRID if (east - west) / one <= 8), _GRID[-1])
    marks = sorted(placed, key=lambda one: (one[0].needing > 0, one[0].site))
    shown = [MapSite(one, x(longitude), y(latitude), _radius(one)) for one, latitude, longitude in marks]
    return SiteMap(
        WIDTH,
        round(height, 1),
        tuple(Tick(x(one), f"{one:g}°") for one in _grid(west, east, step)),
        tuple(Tick(y(one), f"{one:g}°") for one in _grid(south, north, step)),
        _with_labels(shown),
    )


def _span(degrees: Sequence[float]) -> tuple[float, float]:
    low, high = min(degrees), max(degrees)
    spread = max(high - low, _LEAST_SPAN_DEG)
    middle = (low + high) / 2
    return middle - spread * (0.5 + _MARGIN), middle + spread * (0.5 + _MARGIN)


def _grid(low: float, high: float, step: int) -> list[int]:
    return [one * step for one in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _radius(site: SiteView) -> float:
    return round(min(26.0, 9.0 + 2.0 * math.sqrt(site.boxes)), 1)


def _with_labels(shown: Sequence[MapSite]) -> tuple[MapSite, ...]:
    """Names of those that need a person, one after the other: each sees where the earlier ones stand."""
    written: list[tuple[float, float, float]] = []
    made = []
    for one in shown:
        label = _label(one, shown, written) if one.site.needing else None
        if label is not None:
            written.append((_left_of(label, one), label.y, _length(one)))
        made.append(replace(one, label=label))
    return tuple(made)


def _label(one: MapSite, shown: Sequence[MapSite], written: Sequence[tuple[float, float, float]]) -> NamePlace:
    sides = (
        NamePlace(one.x + one.r + 5, one.y + 5, "start"),
        NamePlace(one.x - one.r - 5, one.y + 5, "end"),
        NamePlace(one.x, one.y - one.r - 7, "middle"),
        NamePlace(one.x, one.y + one.r + _LINE, "middle"),
    )
    length = _length(one)

    def costs(label: NamePlace) -> tuple[float, int, int]:
        left = _left_of(label, one)
        outside = max(0.0, -left) + max(0.0, left + length - WIDTH)
        names = sum(
            abs(label.y - foot) < _LINE and left < there + long and there < left + length
            for there, foot, long in written
        )
        return outside, names, sum(_covers(left, label.y, length, other) for other in shown if other is not one)

    return min(sides, key=costs)


def _length(one: MapSite) -> float:
    return _LETTER * len(one.site.title)


def _left_of(label: NamePlace, one: MapSite) -> float:
    return label.x - _length(one) * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]


def _covers(left: float, foot: float, length: float, other: MapSite) -> bool:
    across = max(left - other.x, other.x - left - length, 0.0)
    return across < other.r and foot - _LINE - other.r < other.y < foot + other.r
