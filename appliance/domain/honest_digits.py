"""How many decimals a number deserves beside its uncertainty; pages, report and calibrations print by it."""

import math

MOST_DECIMALS = 6


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
    exponent = math.floor(math.log10(uncertainty))
    leading = round(uncertainty / 10**exponent, 6)
    digits = -exponent + (1 if leading < 2 else 0)
    return max(0, min(most, digits))
