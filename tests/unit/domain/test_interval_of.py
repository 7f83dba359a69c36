import pytest

from appliance.domain.exam_figures import Figure
from appliance.domain.printed_figure import interval_of, printed_figure


@pytest.mark.parametrize(
    ("key", "figure", "ends"),
    [
        ("density_per_mm", Figure(8.1, 1.6), (6.5, 9.7)),
        ("density_per_mm", Figure(7.0, 8.2), (0.0, 15.0)),
        ("share_enlarged", Figure(15.0, 19.0, None, {"low": 5.2, "high": 36.0}), (5.0, 36.0)),
        ("density_per_mm", Figure(8.1), None),
        ("density_per_mm", Figure(None, because="no_calibration"), None),
        ("fast_track", Figure("normal"), None),
    ],
)
def test_an_interval_never_reaches_what_cannot_be(key: str, figure: Figure, ends: tuple[float, float] | None) -> None:
    assert interval_of(key, figure) == ends


def test_an_interval_wider_than_its_value_is_printed_by_its_ends() -> None:
    assert printed_figure("density_per_mm", Figure(7.0, 8.2)).between is not None
    assert printed_figure("density_per_mm", Figure(8.1, 1.6)).off == 1.6
