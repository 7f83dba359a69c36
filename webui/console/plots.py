"""The geometry of the console's plots: numbers in, SVG paths and labels out. No script draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from statistics import median

from webui.console.views import ModelView

WIDTH, HEIGHT = 320, 120
"""User units of every plot; labels lie outside."""
_TICKS = 4
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Tick:
    """A label beside an axis; `at` in user units."""

    at: float
    label: str


@dataclass(frozen=True)
class Histograms:
    """Two distributions over one axis; paths are closed at the bottom.

    Attributes:
        reference, current: SVG path data.
        medians: of both; None where a period is empty.
    """

    reference: str
    current: str
    ticks: tuple[Tick, ...]
    medians: tuple[float | None, float | None]


@dataclass(frozen=True)
class Scatter:
    """Points over time.

    Attributes:
        points: x, y and what stands for the point in words.
        middle: y of the median.
        median: the value itself.
    """

    points: tuple[tuple[float, float, str], ...]
    days: tuple[Tick, ...]
    values: tuple[Tick, ...]
    middle: float
    median: float


def histograms(view: ModelView) -> Histograms | None:
    """Both periods of a watched figure, each as shares of its own; None for a share, which needs no picture."""
    both = [one for one in (view.reference, view.current) if sum(one)]
    if view.is_share or not both:
        return None
    used = [number for number in range(len(view.reference)) if any(one[number] for one in both)]
    first, last = used[0], used[-1] + 1
    shares = [[count / max(1, sum(one)) for count in one[first:last]] for one in (view.reference, view.current)]
    highest = max(max(one) for one in shares)
    low, high = first * view.step, last * view.step
    marks = _round_marks(low, high)
    return Histograms(
        _outline(shares[0], highest),
        _outline(shares[1], highest),
        tuple(Tick(WIDTH * (mark - low) / (high - low), f"{mark:g}") for mark in marks),
        (_median(view.reference, view.step), _median(view.current, view.step)),
    )


def over_time(values: Sequence[tuple[datetime, float | None, str]]) -> Scatter | None:
    """Values by when they came; None for fewer than two."""
    known = [(at, value, name) for at, value, name in values if value is not None]
    if len(known) < 2:
        return None
    begin, end = min(at for at, _, _ in known), max(at for at, _, _ in known)
    span_s = max(1.0, (end - begin).total_seconds())
    largest = max(value for _, value, _ in known)
    step = _round_up(largest / _TICKS)
    highest = step * -(-largest // step)
    middle = median(value for _, value, _ in known)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - value / highest), 1)

    points = tuple(
        (
            round(WIDTH * (at - begin).total_seconds() / span_s, 1),
            y(value),
            f"{name} {at.strftime('%Y-%m-%d')}: {value:.1f}",
        )
        for at, value, name in known
    )
    days = tuple(Tick(x, moment.strftime("%Y-%m-%d")) for x, moment in ((0, begin), (WIDTH, end)))
    marks = tuple(Tick(y(mark), f"{mark:g}") for mark in _round_marks(0.0, highest))
    return Scatter(points, days, marks, y(middle), middle)


def _outline(shares: Sequence[float], highest: float) -> str:
    width = WIDTH / len(shares)
    steps = [
        f"L{number * width:.1f} {HEIGHT * (1 - share / highest):.1f}H{(number + 1) * width:.1f}"
        for number, share in enumerate(shares)
    ]
    return f"M0 {HEIGHT}{''.join(steps)}V{HEIGHT}Z"


def _median(counts: Sequence[int], step: float) -> float | None:
    """The middle of the bin that holds it."""
    half = sum(counts) / 2
    if not half:
        return None
    reached = next(number for number, sofar in enumerate(accumulate(counts)) if sofar >= half)
    return (reached + 0.5) * step


def _round_marks(low: float, high: float) -> list[float]:
    """A few round numbers between the two."""
    step = _round_up((high - low) / _TICKS)
    first = -(-low // step)
    return [round(mark * step, 6) for mark in range(int(first), int(high // step) + 1)]


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0
    while power > value / 10 and power > 1e-6:
        power /= 10
    while power * 10 <= value:
        power *= 10
    return next(step * power for step in (*_STEPS, 100) if step * power >= value - 1e-12)
