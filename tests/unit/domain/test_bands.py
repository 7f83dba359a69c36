import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import bands
from appliance.domain.bands import CALIBRE, CSURI, DENSITY, DILATED, LOSS_INDEX, SEMIQUANTITATIVE, Bands, Cut

EVERY = (DENSITY, CALIBRE, DILATED, SEMIQUANTITATIVE, CSURI, LOSS_INDEX)


@pytest.mark.parametrize(
    ("of", "value", "name"),
    [
        (DENSITY, 3.0, "extremely_lowered"),
        (DENSITY, 3.001, "lowered"),
        (DENSITY, 6.5, "lowered"),
        (DENSITY, 7.0, "normal"),
        (CALIBRE, 19.999, "normal"),
        (CALIBRE, 20.0, "enlarged"),
        (CALIBRE, 50.0, "enlarged"),
        (CALIBRE, 50.001, "giant"),
        (DILATED, 30.0, "dilated"),
        (CSURI, 2.94, "not_above"),
        (CSURI, 2.95, "above"),
        (LOSS_INDEX, 1.66, "below"),
        (LOSS_INDEX, 1.67, "from"),
    ],
)
def test_borders_by_hand(of: Bands, value: float, name: str) -> None:
    assert of.name(value) == name


@given(st.sampled_from(EVERY), st.floats(0, 200))
def test_every_value_has_one_name_without_a_gap(of: Bands, value: float) -> None:
    fits = [
        name
        for name, low, high in zip(of.names, (None, *of.cuts), (*of.cuts, None), strict=True)
        if (low is None or low.is_below(value)) and not (high is not None and high.is_below(value))
    ]
    assert fits == [of.name(value)]


def test_the_grey_zone_names_every_band_within_the_error() -> None:
    assert DENSITY.within(6.5, 0.4) == ("lowered",)
    assert DENSITY.within(6.5, 0.5) == ("lowered", "normal")
    assert DENSITY.within(5.0, 2.0) == ("extremely_lowered", "lowered", "normal")


def test_bands_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Bands(("a", "b"), (Cut(2.0, True), Cut(1.0, True)), "source")


def test_every_table_of_bands_names_its_source_and_how_far_it_was_read() -> None:
    assert all(of.source.rstrip().endswith("]") for of in EVERY)
    assert bands.NUMBERS["normal_from"] == 7.0


@pytest.mark.parametrize(
    ("names", "cuts"), [("a", (1.0,)), ("abc", (1.0,)), ("abc", (2.0, 1.0)), ("abc", (1.0, 1.0)), ("", ())]
)
def test_bands_that_do_not_fit_their_cuts_are_refused(names: str, cuts: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Bands(tuple(names), tuple(Cut(value, False) for value in cuts), "nobody")
