"""Widths, calibre and density against labels, on numbers worked by hand."""

import pytest

from appliance.domain.detection import SizeBasis, SizeClass
from engines.evaluation.coco.bootstrap import Bootstrap
from engines.evaluation.coco.density import density_figures
from engines.evaluation.coco.outcome import Outcome
from engines.evaluation.coco.pairing import matched_loops
from engines.evaluation.coco.sizes import size_figures
from engines.evaluation.coco.widths import WidthFigures, WidthPair, pair_widths, width_figures
from tests.support.labelled import Widths, label, loop, outcome

LEFT, RIGHT = (0.0, 0.0, 20.0, 40.0), (50.0, 0.0, 20.0, 40.0)


def measured(true: Widths, found: Widths, um_per_px: float | None = 2.0) -> Outcome:
    return outcome(
        [label(LEFT, widths_px=true), label(RIGHT, widths_px=true)],
        [loop(LEFT, 0.9, widths_px=found, um_per_px=um_per_px)],
        um_per_px=um_per_px,
    )


def figures(*outcomes: Outcome) -> dict[str, WidthFigures]:
    return width_figures(pair_widths(matched_loops(outcomes)), Bootstrap(len(outcomes), 0, 1))


def test_errors_in_pixels_and_micrometres() -> None:
    both = figures(measured((10.0, 8.0, None), (11.0, 7.0, 9.0)), measured((20.0, 8.0, 10.0), (17.0, None, 10.0), 1.0))
    apical = both["apical"]
    assert (apical.labelled, apical.measured) == (2, 2), "a loop that was missed is no width error"
    assert apical.errors_px["mean_error"].value == pytest.approx(2.0)
    assert apical.errors_px["bias"].value == pytest.approx(-1.0)
    assert apical.errors_px["p95_error"].value == pytest.approx(2.9)
    assert apical.errors_um["mean_error"].value == pytest.approx((1 * 2 + 3 * 1) / 2)
    assert both["arterial"].share_measured.value == 0.5
    assert both["venous"].labelled == 1, "a width without a label is not judged"
    assert both["limbs"].labelled == 3


def test_without_a_scale_there_are_no_micrometres() -> None:
    apical = figures(measured((10.0, None, None), (11.0, None, None), None))["apical"]
    assert apical.measured_um == 0
    assert apical.errors_um["mean_error"].value is None
    assert apical.errors_px["mean_error"].value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("true_px", "found_px", "is_right"),
    [(3.0, 4.0, True), (3.0, 4.01, False), (20.0, 24.0, True), (20.0, 24.1, False), (20.0, None, False)],
)
def test_right_is_a_fifth_or_a_pixel(true_px: float, found_px: float | None, is_right: bool) -> None:
    assert WidthPair(0, "apical", true_px, found_px, None).is_right is is_right


def test_no_labelled_widths_no_figures() -> None:
    assert figures(measured((None, None, None), (5.0, 5.0, 5.0))) == {}


def sized(true: SizeClass | None, found: SizeClass, basis: SizeBasis = SizeBasis.MEASURED) -> Outcome:
    return outcome([label(LEFT, size=true)], [loop(LEFT, 0.9, size=found, basis=basis)])


def test_calibre_agreement_by_basis_and_kappa() -> None:
    outcomes = [
        sized(SizeClass.NORMAL, SizeClass.NORMAL),
        sized(SizeClass.NORMAL, SizeClass.ENLARGED, SizeBasis.APPEARANCE),
        sized(SizeClass.GIANT, SizeClass.GIANT, SizeBasis.APPEARANCE),
        sized(SizeClass.ENLARGED, SizeClass.ENLARGED),
        sized(None, SizeClass.GIANT),
    ]
    found = size_figures(matched_loops(outcomes), Bootstrap(5, 0, 1))
    assert found is not None
    assert found.loops == 4
    assert found.agreement.value == 0.75
    assert (found.measured.value, found.by_appearance.value) == (1.0, 0.5)
    # Observed steps 1; by chance rows (2, 1, 1) x columns (1, 2, 1) / 4: (2*(0+2+2) + 1*(1+0+1) + 1*(2+2+0)) / 4 = 3.5.
    assert found.kappa.value == pytest.approx(1 - 1 / 3.5)
    assert found.counts.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_no_labelled_calibre_no_figures() -> None:
    assert size_figures(matched_loops([sized(None, SizeClass.GIANT)]), Bootstrap(1, 0, 1)) is None


def test_bland_altman_by_hand() -> None:
    # Differences 1, -1, 3: mean 1, standard deviation 2.
    densities = [(8.0, 7.0), (5.0, 6.0), (9.0, 6.0), (None, 7.0), (6.0, None)]
    outcomes = [outcome([], density=one, refused="not_evaluable") for one in densities]
    found = density_figures(outcomes, Bootstrap(5, 0, 1))
    assert found is not None
    assert found.labelled == 4
    assert found.refused == {"not_evaluable": 1}
    assert found.images == ((0, 8.0, 7.0), (1, 5.0, 6.0), (2, 9.0, 6.0))
    assert found.mean_error.value == pytest.approx(5 / 3)
    assert found.bias.value == pytest.approx(1.0)
    assert found.lower_limit.value == pytest.approx(1 - 1.96 * 2)
    assert found.upper_limit.value == pytest.approx(1 + 1.96 * 2)


def test_one_density_has_a_bias_but_no_limits() -> None:
    found = density_figures([outcome([], density=(8.0, 7.0))], Bootstrap(1, 0, 1))
    assert found is not None
    assert (found.bias.value, found.lower_limit.value) == (1.0, None)


def test_no_labelled_density_no_figures() -> None:
    assert density_figures([outcome([], density=(8.0, None))], Bootstrap(1, 0, 1)) is None
