"""How many decimals a number deserves beside its uncertainty; pages, report, exports and calibrations print by it."""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from appliance.domain.bands import Cut

MOST_DECIMALS = 6
UNSTATED_SCALE_DECIMALS = 3
"""Of a scale in micrometres per pixel whose uncertainty nobody stated."""

_MORE_BESIDE_A_CUT = 2


def rounded(value: float, decimals: int) -> float:
    """As a person rounds what is written: 7.25 to 7.3, 1.005 to 1.01, a half always away from zero.

    Python alone makes 7.2 and 1.0 of them, Babel 7.2, JavaScript 7.3: the same number would differ between two pages.
    """
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def digits(value: float, decimals: int) -> str:
    """The same with exactly so many decimals, and a point."""
    return f"{rounded(value, decimals):.{decimals}f}"


def decimals_beside(uncertainty: float, most: int = MOST_DECIMALS) -> int:
    """Decimals of a value and of its uncertainty, so that the uncertainty shows one digit, two where it leads with 1.

    A rounding of the uncertainty by a tenth or less is not seen (GUM, JCGM 100:2008, 7.2.6); what lies behind it in the
    value says nothing. 0.000051 gives 5, 0.16 gives 2, 19 gives 0.

    Args:
        uncertainty: half an interval, in the unit of the value; 0 or less gives `most`.
        most: never more than these.
    """
    if uncertainty <= 0:
        return most
    decimals = _decimals_of_leading(uncertainty, most)
    # Documents hold one decimal more than is printed: 1.997 becomes 2.00 there, and both must lead with the same digit.
    held = rounded(uncertainty, decimals + 1)
    return _decimals_of_leading(held, most) if held > 0 else decimals


def _decimals_of_leading(uncertainty: float, most: int) -> int:
    exponent = math.floor(math.log10(uncertainty))
    leading = round(uncertainty / 10**exponent, 6)
    return max(0, min(most, -exponent + (1 if leading < 2 else 0)))


def decimals_of_value(value: float, uncertainty: float | None, most: int, cuts: Sequence[Cut] = ()) -> int:
    """As `decimals_beside`, and so many more that no cut lies between a value and what is printed of it.

    6.6 +- 2.1 beside a cut at 7 gives 1: a "7" under the word "lowered" would contradict itself.

    Args:
        value: what is printed.
        uncertainty: half an interval; None where none is known, which gives `most`.
        most: decimals of the definition; a cut may ask for up to two more.
        cuts: at which the value changes its name.
    """
    decimals = most if uncertainty is None else decimals_beside(uncertainty, most)
    return decimals_beside_cuts(value, decimals, most + _MORE_BESIDE_A_CUT, cuts)


def decimals_beside_cuts(value: float, least: int, most: int, cuts: Sequence[Cut]) -> int:
    """The fewest decimals from `least` on, `most` at the most, that put no cut between a value and what is written."""
    for more in range(least, most):
        if all(cut.is_below(rounded(value, more)) == cut.is_below(value) for cut in cuts):
            return more
    return most if cuts else least


def scale_decimals(uncertainty: float | None) -> int:
    """Of micrometres per pixel and of their uncertainty; 0 is an uncertainty that nobody stated."""
    return decimals_beside(uncertainty) if uncertainty else UNSTATED_SCALE_DECIMALS


def written_decimals(rounded: float) -> int:
    """Of a number that was rounded before it was kept: 56.0 has none, 50.2 one."""
    return 0 if rounded == int(rounded) else len(repr(rounded).partition(".")[2])
