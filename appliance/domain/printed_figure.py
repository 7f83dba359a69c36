"""A figure as it is printed: how many digits, and what stands beside it; every page, paper and file asks here."""

from dataclasses import dataclass

from appliance.domain.bands import CUTS_OF
from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS, METRICS
from appliance.domain.honest_digits import MOST_DECIMALS, decimals_beside_cuts, decimals_of_value, rounded

LOW, HIGH = "low", "high"
"""Members of a figure's basis: the ends of a 95 % interval that does not lie evenly around the value."""


@dataclass(frozen=True)
class PrintedFigure:
    """A number with the digits that its uncertainty carries.

    Attributes:
        value: the number as documents hold it, so that who rounds it there comes to what is printed here.
        decimals: of the value and of what stands beside it.
        off: half the width of the 95 % interval; None where none is known or where `between` says it better.
        between: both ends, where an even interval would reach what cannot be: below 0, or above 100 %.
    """

    value: float
    decimals: int
    off: float | None
    between: tuple[float, float] | None


def printed_figure(key: str, figure: Figure) -> PrintedFigure:
    """The digits of one figure that has a number.

    Raises:
        ValueError: it has none.
    """
    value, off = in_document(key, figure)
    if not isinstance(value, int | float):
        raise ValueError(f"{key} is {figure.value!r}, not a number")
    decimals = _decimals(key, value, figure.uncertainty)
    between = None if off is None else _between(key, figure, value, off)
    return PrintedFigure(float(value), decimals, None if between else off, between)


def in_document(key: str, figure: Figure) -> tuple[float | int | str | None, float | None]:
    """Value and half the width of the 95 % interval as documents hold them.

    They have one decimal more than is printed, so that readers round once, and as many as keep a value on its side of
    every cut. What is no broken number stays as it is.
    """
    digits = decimals_in_document(key, figure)
    off = None if figure.uncertainty is None else rounded(figure.uncertainty, digits)
    return rounded(figure.value, digits) if isinstance(figure.value, float) else figure.value, off


def as_printed(key: str, figure: Figure) -> tuple[float, float | None]:
    """Value and half the width of its interval with the digits of page and paper, for what leaves as numbers.

    Raises:
        ValueError: it has no number.
    """
    value, off = in_document(key, figure)
    if not isinstance(value, int | float):
        raise ValueError(f"{key} is {figure.value!r}, not a number")
    decimals = _decimals(key, value, figure.uncertainty)
    return rounded(value, decimals), None if off is None else rounded(off, decimals)


def interval_of(key: str, figure: Figure) -> tuple[float, float] | None:
    """Both ends of the 95 % interval with the digits of page and paper; None where none is known.

    They never reach what cannot be: an interval wider than its value starts at 0.
    """
    if figure.uncertainty is None or not isinstance(figure.value, int | float):
        return None
    printed = printed_figure(key, figure)
    low, high = printed.between or (printed.value - (printed.off or 0.0), printed.value + (printed.off or 0.0))
    return rounded(low, printed.decimals), rounded(high, printed.decimals)


def decimals_of_figure(key: str, figure: Figure) -> int:
    """Of a figure with or without a number; without one, as its definition says."""
    return printed_figure(key, figure).decimals if isinstance(figure.value, int | float) else METRICS[key].decimals


def decimals_in_document(key: str, figure: Figure) -> int:
    """Of a figure in a document; see `in_document`."""
    if not isinstance(figure.value, int | float):
        return METRICS[key].decimals + 1
    digits = _decimals(key, figure.value, figure.uncertainty) + 1
    return decimals_beside_cuts(float(figure.value), digits, max(digits, MOST_DECIMALS), CUTS_OF.get(key, ()))


def _decimals(key: str, value: float, uncertainty: float | None) -> int:
    return decimals_of_value(float(value), uncertainty, DEFINITIONS[key].decimals, CUTS_OF.get(key, ()))


def _between(key: str, figure: Figure, value: float, off: float) -> tuple[float, float] | None:
    if LOW in figure.basis and HIGH in figure.basis:
        return float(figure.basis[LOW]), float(figure.basis[HIGH])
    highest = 100.0 if DEFINITIONS[key].kind is Kind.SHARE else None
    if value - off >= 0 and (highest is None or value + off <= highest):
        return None
    return max(0.0, value - off), value + off if highest is None else min(highest, value + off)
