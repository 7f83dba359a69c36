import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.analysis.uncertainty import Width, of_width, width_decimals
from appliance.domain.bands import CALIBRE, DENSITY, Cut
from appliance.domain.exam_figures import Figure
from appliance.domain.honest_digits import decimals_beside, decimals_of_value, digits, rounded, scale_decimals
from appliance.domain.printed_figure import printed_figure
from appliance.exports.report.localisation import Localisation

CASES = json.loads((Path(__file__).parents[2] / "data" / "honest_digits.json").read_text())
ON_PAGES = Path(__file__).parents[3] / "webui" / "frontend" / "src" / "common" / "honest_digits.ts"


@pytest.mark.parametrize(("uncertainty", "most", "decimals"), CASES["beside"])
def test_digits_by_hand(uncertainty: float, most: int, decimals: int) -> None:
    assert decimals_beside(uncertainty, most) == decimals


@pytest.mark.parametrize("case", CASES["of_value"])
def test_a_cut_between_the_value_and_its_print_asks_for_more_digits(case: dict[str, Any]) -> None:
    cuts = [Cut(*one) for one in case["cuts"]]
    assert decimals_of_value(case["value"], case["uncertainty"], case["most"], cuts) == case["decimals"]


@pytest.mark.parametrize(("uncertainty", "decimals"), CASES["scale"])
def test_digits_of_a_scale(uncertainty: float | None, decimals: int) -> None:
    assert scale_decimals(uncertainty) == decimals


@pytest.mark.parametrize(("value", "decimals", "shown"), CASES["rounded"])
def test_a_half_goes_away_from_zero_on_every_page_and_in_every_file(value: float, decimals: int, shown: str) -> None:
    assert digits(value, decimals) == shown
    assert Localisation("en").number(value, decimals).replace(",", "") == shown


@given(st.floats(0, 20), st.floats(0.05, 30))
def test_a_printed_density_has_the_name_of_the_density(density: float, uncertainty: float) -> None:
    decimals = decimals_of_value(density, uncertainty, 1, DENSITY.cuts)
    if min(abs(density - cut.value) for cut in DENSITY.cuts) > 0.001:
        assert DENSITY.name(round(density, decimals)) == DENSITY.name(density)


def test_the_pages_know_the_same_error_and_the_same_cuts_of_a_width() -> None:
    source = ON_PAGES.read_text()
    (cuts,) = re.findall(r"CALIBRE_CUTS: readonly Cut\[\] = (.*);", source)
    assert [Cut(*one) for one in json.loads(cuts)] == list(CALIBRE.cuts)
    assert "WIDTH_OFF_PX = 1.96 * Math.SQRT2;" in source
    assert of_width(Width(22.4, 1.0)) == pytest.approx(1.96 * math.sqrt(2))


@given(st.floats(1e-9, 1e6), st.integers(0, 6))
def test_never_more_than_asked_for_and_never_negative(uncertainty: float, most: int) -> None:
    assert 0 <= decimals_beside(uncertainty, most) <= most


@given(st.floats(1e-5, 1e3))
def test_the_uncertainty_never_rounds_to_nothing(uncertainty: float) -> None:
    assert round(uncertainty, decimals_beside(uncertainty)) > 0


def test_a_width_has_the_digits_that_its_scale_bears() -> None:
    # Two end points, 2.77 pixels together: 1.0 um at 0.37 um a pixel, 28 um at 10.
    assert width_decimals(33.0, 0.37) == 1
    assert width_decimals(33.0, 10.0) == 0
    assert width_decimals(33.0, None) == 1
    assert width_decimals(49.97, 10.0) == 0, "50 is still enlarged"
    assert width_decimals(19.97, 10.0) == 2, "20.0 would be enlarged"


def test_a_figure_has_the_digits_that_its_uncertainty_bears() -> None:
    assert printed_figure("median_apical_um", Figure(31.44, 0.2)).decimals == 1
    assert printed_figure("median_apical_um", Figure(31.44, 12.0)).decimals == 0


@given(st.floats(1e-5, 1e4), st.integers(0, 3))
@example(1.997, 1)
@example(0.1999, 3)
def test_what_a_document_holds_of_an_uncertainty_asks_for_the_same_digits(uncertainty: float, most: int) -> None:
    decimals = decimals_beside(uncertainty, most)
    held = rounded(uncertainty, decimals + 1)
    assert held == 0 or decimals_beside(held, most) == decimals
