"""Other people's names for what is seen."""

import pytest

from engines.datasets.labels import DatasetError
from engines.evaluation.coco.categories import Meaning, meanings_of, read_mapping


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("normal", Meaning.NORMAL),
        ("hairpin", Meaning.NORMAL),
        ("Crossing", Meaning.NORMAL),
        ("bushy", Meaning.RAMIFIED),
        ("Giant capillary", Meaning.GIANT),
        ("giant_capillaries", Meaning.GIANT),
        ("micro-hemorrhage", Meaning.HAEMORRHAGE),
        ("capillary", Meaning.CAPILLARY),
        ("enlarged", Meaning.CAPILLARY),
    ],
)
def test_known_names_have_one_meaning(name: str, meaning: Meaning) -> None:
    assert meanings_of([name], {}) == {name: meaning}


def test_unknown_names_are_refused_with_the_way_out() -> None:
    with pytest.raises(DatasetError, match='"hair", "dirt"') as raised:
        meanings_of(["normal", "hair", "dirt"], {})
    assert '--map "hair=' in raised.value.remedy


def test_the_users_own_mapping_stands_above_the_table() -> None:
    mapping = read_mapping(["crossing=tortuous", "type = 3=giant"])
    assert meanings_of(["crossing", "type = 3"], mapping) == {
        "crossing": Meaning.TORTUOUS,
        "type = 3": Meaning.GIANT,
    }


@pytest.mark.parametrize("wish", ["crossing", "=giant", "crossing=huge", ""])
def test_a_mapping_that_says_nothing_is_refused(wish: str) -> None:
    with pytest.raises(DatasetError, match="cannot map"):
        read_mapping([wish])


def test_a_mapping_of_a_category_that_is_not_there_is_refused() -> None:
    with pytest.raises(DatasetError, match="bushes"):
        meanings_of(["bushy"], read_mapping(["bushes=ramified"]))
