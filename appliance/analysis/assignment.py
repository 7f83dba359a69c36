"""The cheapest way to pair rows and columns one to one.

SciPy's `linear_sum_assignment` does the same; to import it takes 30 MB, for a few rows a frame in doubt. Lists in
place of arrays, because there are so few.
"""

import math
from collections.abc import Sequence

Costs = Sequence[Sequence[float]]


def cheapest_pairs(cost: Costs) -> list[tuple[int, int]]:
    """As many pairs (row, column) as there are of the fewer of both, in rising order of rows, at the least total cost.

    Kuhn and Munkres's method with potentials: each row looks for the cheapest path that frees a column for it.

    Args:
        cost: finite, N rows of M.
    """
    if not cost or not cost[0]:
        return []
    if len(cost) > len(cost[0]):
        return sorted((row, column) for column, row in cheapest_pairs(list(zip(*cost, strict=True))))
    search = _Search(cost)
    for row in range(len(cost)):
        search.find_a_column(row)
    return sorted((row, column) for column, row in enumerate(search.holder[:-1]) if row >= 0)


class _Search:
    """Attributes:
    holder: the row that has each column, -1 for none; one entry more, where a row that looks for one begins.
    """

    def __init__(self, cost: Costs) -> None:
        self._cost = cost
        self._of_row, self._of_column = [0.0] * len(cost), [0.0] * len(cost[0])
        self.holder = [-1] * (len(cost[0]) + 1)

    def find_a_column(self, row: int) -> None:
        """Give the row a column, moving others to another one where that is cheaper for all together."""
        columns = len(self._of_column)
        least, came_from = [math.inf] * columns, [columns] * columns
        free, done = set(range(columns)), [columns]
        self.holder[columns], at = row, columns
        while self.holder[at] >= 0:
            own = self.holder[at]
            for column in free:
                reduced = self._cost[own][column] - self._of_row[own] - self._of_column[column]
                if reduced < least[column]:
                    least[column], came_from[column] = reduced, at
            at = min(free, key=least.__getitem__)
            free.remove(at)
            self._raise(least[at], done)
            done.append(at)
            for column in free:
                least[column] -= least[at]
        while at < columns:
            self.holder[at], at = self.holder[came_from[at]], came_from[at]
        self.holder[columns] = -1

    def _raise(self, step: float, done: list[int]) -> None:
        """Move the potentials so that one more column costs its row nothing."""
        for column in done:
            self._of_row[self.holder[column]] += step
            if column < len(self._of_column):
                self._of_column[column] -= step
