"""How one figure is printed and how documents hold it, worked out by hand."""

import pytest

from appliance.domain.exam_figures import Figure
from appliance.domain.printed_figure import (
    as_printed,
    decimals_in_document,
    decimals_of_figure,
    in_document,
    printed_figure,
)

DENSITY, WIDTH, SHARE, COUNT = "density_per_mm", "largest_width_um", "share_enlarged", "giants"


def test_a_density_has_the_digits_of_its_uncertainty_and_documents_one_more() -> None:
    figure = Figure(8.4237, 1.6211)
    printed = printed_figure(DENSITY, figure)
    assert (printed.value, printed.decimals, printed.off, printed.between) == (8.42, 1, 1.62, None)
    assert in_document(DENSITY, figure) == (8.42, 1.62)
    assert as_printed(DENSITY, figure) == (8.4, 1.6)


def test_beside_a_cut_it_has_as_many_as_keep_it_on_its_side() -> None:
    # Lowered below 7: "7" or "7.0" would say normal.
    figure = Figure(6.98, 2.5)
    assert printed_figure(DENSITY, figure).decimals == 2
    assert as_printed(DENSITY, figure) == (6.98, 2.5)
    assert decimals_in_document(DENSITY, Figure(6.999_96, 2.5)) == 5
    assert in_document(DENSITY, Figure(6.999_96, 2.5)) == (6.99996, 2.5)
    # No cut near: one more than the none that are printed.
    assert in_document(DENSITY, Figure(9.4321, 2.5)) == (9.4, 2.5)


def test_without_an_uncertainty_the_definition_says_how_many() -> None:
    assert printed_figure(DENSITY, Figure(8.4237)).decimals == 1
    assert printed_figure(DENSITY, Figure(8.4237)).off is None
    assert printed_figure(DENSITY, Figure(8.4237)).between is None
    assert in_document(DENSITY, Figure(8.4237)) == (8.42, None)
    assert as_printed(DENSITY, Figure(8.4237)) == (8.4, None)


def test_an_even_interval_that_would_reach_below_zero_is_told_by_its_ends() -> None:
    printed = printed_figure(DENSITY, Figure(1.0, 1.62))
    assert (printed.off, printed.between) == (None, (0.0, 2.62))
    # It may reach exactly 0.
    printed = printed_figure(DENSITY, Figure(1.62, 1.62))
    assert (printed.off, printed.between) == (1.62, None)


def test_a_share_ends_at_a_hundred_per_cent_and_nothing_else_does() -> None:
    printed = printed_figure(SHARE, Figure(95.0, 9.0))
    assert (printed.off, printed.between) == (None, (86.0, 100.0))
    printed = printed_figure(SHARE, Figure(91.0, 9.0))
    assert (printed.off, printed.between) == (9.0, None)
    printed = printed_figure(WIDTH, Figure(95.0, 9.0))
    assert (printed.off, printed.between) == (9.0, None)


def test_uneven_ends_are_those_of_the_basis_and_need_both() -> None:
    uneven = {"low": 12, "high": 31.5}
    printed = printed_figure(SHARE, Figure(20.0, 9.0, basis=uneven))
    assert (printed.off, printed.between) == (None, (12.0, 31.5))
    for one in ({"low": 12}, {"high": 31.5}):
        assert printed_figure(SHARE, Figure(20.0, 9.0, basis=one)).between is None
    # Where nobody knows how far it may be off, no ends are told either.
    assert printed_figure(SHARE, Figure(20.0, basis=uneven)).between is None


def test_a_count_stays_a_whole_number() -> None:
    assert in_document(COUNT, Figure(3)) == (3, None)
    assert isinstance(in_document(COUNT, Figure(3))[0], int)
    printed = printed_figure(COUNT, Figure(3))
    assert (printed.value, printed.decimals) == (3.0, 0)
    assert decimals_of_figure(COUNT, Figure(3)) == 0


@pytest.mark.parametrize("figure", [Figure(None, because="not_evaluable"), Figure("scleroderma")])
def test_what_is_no_number_is_not_printed_as_one(figure: Figure) -> None:
    for printing in (printed_figure, as_printed):
        with pytest.raises(ValueError, match=rf"^density_per_mm is {figure.value!r}, not a number$"):
            printing(DENSITY, figure)
    assert in_document(DENSITY, figure) == (figure.value, None)
    assert decimals_of_figure(DENSITY, figure) == 1
    assert decimals_in_document(DENSITY, figure) == 2
