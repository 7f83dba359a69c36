import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.honest_digits import decimals_beside


@pytest.mark.parametrize(
    ("uncertainty", "decimals"),
    [(0.000051, 5), (0.00012, 5), (0.16, 2), (0.6, 1), (1.6, 1), (2.0, 0), (8.2, 0), (19.0, 0), (0.0, 6)],
)
def test_digits_by_hand(uncertainty: float, decimals: int) -> None:
    assert decimals_beside(uncertainty) == decimals


@given(st.floats(1e-9, 1e6), st.integers(0, 6))
def test_never_more_than_asked_for_and_never_negative(uncertainty: float, most: int) -> None:
    assert 0 <= decimals_beside(uncertainty, most) <= most


@given(st.floats(1e-5, 1e3))
def test_the_uncertainty_never_rounds_to_nothing(uncertainty: float) -> None:
    assert round(uncertainty, decimals_beside(uncertainty)) > 0
