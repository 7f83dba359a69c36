"""The cheapest way to pair rows and columns one to one.

SciPy's `linear_sum_assignment` does the same; to import it takes 30 MB, for a few rows a frame that are in doubt.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def cheapest_pairs(cost: FloatArray) -> list[tuple[int, int]]:
    """As many pairs (row, column) as there are of the fewer of both, in rising order of rows, at the least total cost.

    Kuhn and Munkres's method with potentials: each row looks for the cheapest path that frees a column for it.

    Args:
        cost: finite, float64 [N, M].
    """
    rows, columns = cost.shape
    if rows > columns:
        return sorted((row, column) for column, row in cheapest_pairs(cost.T))
    of_row, of_column = np.zeros(rows), np.zeros(columns)
    # Column `columns` is none: a row that looks for one begins there.
    holder = np.full(columns + 1, -1)
    for row in range(rows):
        _find_a_column(row, cost, of_row, of_column, holder)
    return sorted((int(row), column) for column, row in enumerate(holder[:-1]) if row >= 0)


def _find_a_column(
    row: int, cost: FloatArray, of_row: FloatArray, of_column: FloatArray, holder: NDArray[np.intp]
) -> None:
    columns = len(of_column)
    least, came_from = np.full(columns, np.inf), np.full(columns, columns)
    is_done = np.zeros(columns, dtype=bool)
    holder[columns], at = row, columns
    while holder[at] >= 0:
        if at < columns:
            is_done[at] = True
        own = holder[at]
        reduced = cost[own] - of_row[own] - of_column
        is_nearer = ~is_done & (reduced < least)
        least[is_nearer], came_from[is_nearer] = reduced[is_nearer], at
        nearest = int(np.where(is_done, np.inf, least).argmin())
        step = least[nearest]
        of_row[row] += step
        of_row[holder[:-1][is_done]] += step
        of_column[is_done] -= step
        least[~is_done] -= step
        at = nearest
    while at < columns:
        before = came_from[at]
        holder[at], at = holder[before], before
    holder[columns] = -1
