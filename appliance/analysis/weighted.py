"""Quantiles of values that do not all count the same."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]


def weighted_quantile(values: Values, weights: Values, share: float) -> float:
    """The value up to which that share of the weight lies; both [N], at least one, weights not negative."""
    order = values.argsort()
    rising = weights[order].cumsum()
    return float(values[order][np.searchsorted(rising, share * rising[-1])])
