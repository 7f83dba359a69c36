"""The cheapest pairs are those of SciPy."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from appliance.analysis.assignment import cheapest_pairs


@pytest.mark.parametrize("seed", range(60))
def test_the_total_is_the_least_there_is(seed: int) -> None:
    draw = np.random.default_rng(seed)
    cost = draw.uniform(0, 3, draw.integers(1, 12, 2))
    cost[draw.uniform(size=cost.shape) < 0.4] = 1e6
    found = cheapest_pairs(cost.tolist())
    rows, columns = linear_sum_assignment(cost)
    assert len(found) == min(cost.shape)
    assert len({row for row, _ in found}) == len({column for _, column in found}) == len(found)
    assert sum(cost[pair] for pair in found) == pytest.approx(cost[rows, columns].sum())


def test_a_row_gives_its_column_to_one_that_has_no_other() -> None:
    assert cheapest_pairs([[1.0, 2.0], [1.5, 90.0]]) == [(0, 1), (1, 0)]


def test_without_columns_there_are_no_pairs() -> None:
    assert cheapest_pairs([[], [], []]) == []
