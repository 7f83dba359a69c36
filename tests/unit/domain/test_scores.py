import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import sources
from appliance.domain.figure_definition import Extent
from appliance.domain.figure_definitions import DEFINITIONS, EXAM_ONLY, figures_of
from appliance.domain.scores import (
    FAST_TRACK_RULES,
    GRAVITY,
    PATTERN_RULES,
    Findings,
    csuri,
    first_rule,
    lost_share,
    semiquantitative,
)

findings = st.builds(
    Findings,
    st.none() | st.floats(0, 15),
    st.integers(0, 20),
    st.integers(0, 20),
)


@pytest.mark.parametrize(
    ("density", "giants", "ramified", "rule"),
    [
        (7.0, 0, 0, "fast_track_1"),
        (9.2, 0, 4, "fast_track_1"),
        (7.0, 1, 0, "fast_track_2a"),
        (2.0, 1, 3, "fast_track_2a"),
        (None, 1, 0, "fast_track_2a"),
        (3.0, 0, 1, "fast_track_2b"),
        (3.01, 0, 1, "fast_track_3"),
        (3.0, 0, 0, "fast_track_3"),
        (6.99, 0, 0, "fast_track_3"),
        (None, 0, 3, None),
    ],
)
def test_fast_track_by_hand(density: float | None, giants: int, ramified: int, rule: str | None) -> None:
    fired = first_rule(FAST_TRACK_RULES, Findings(density, giants, ramified))
    assert (fired and fired.key) == rule
    if fired:
        assert fired.verdict == ("scleroderma" if "_2" in fired.key else "non_scleroderma")


@pytest.mark.parametrize(
    ("density", "giants", "ramified", "pattern"),
    [
        (7.0, 2, 0, "early"),
        (7.0, 2, 1, "early"),
        (7.0, 0, 0, "normal"),
        (6.9, 1, 0, "active"),
        (6.5, 1, 0, "active"),
        (3.1, 5, 4, "active"),
        (5.0, 0, 4, "non_specific"),
        (3.0, 0, 2, "late"),
        (3.0, 1, 2, "active"),
        (3.0, 0, 0, "non_specific"),
        (7.0, 0, 1, "non_specific"),
    ],
)
def test_sub_pattern_by_hand(density: float, giants: int, ramified: int, pattern: str | None) -> None:
    fired = first_rule(PATTERN_RULES, Findings(density, giants, ramified))
    assert (fired and fired.verdict) == pattern


@given(findings)
def test_a_single_giant_always_makes_a_scleroderma_pattern(found: Findings) -> None:
    fired = first_rule(FAST_TRACK_RULES, found)
    if found.giants:
        assert fired is not None
        assert fired.verdict == "scleroderma"
    assert (fired is None) == (found.density_per_mm is None and not found.giants)


@pytest.mark.parametrize("changed", [{"enlarged": 1}, {"haemorrhages": 1}, {"ramified": 1}])
def test_normal_means_nothing_else(changed: dict[str, int]) -> None:
    fired = first_rule(PATTERN_RULES, Findings(**{"density_per_mm": 8.0, "giants": 0, "ramified": 0, **changed}))
    assert fired is not None
    assert fired.verdict == "non_specific"


@given(findings)
def test_a_scleroderma_pattern_is_suggested_exactly_in_category_2(found: Findings) -> None:
    category, pattern = first_rule(FAST_TRACK_RULES, found), first_rule(PATTERN_RULES, found)
    if category is not None and pattern is not None:
        assert (pattern.verdict in ("early", "active", "late")) == (category.verdict == "scleroderma")
        assert pattern.verdict in GRAVITY


@pytest.mark.parametrize(
    ("share", "score"), [(0, 0), (0.01, 1), (3 / 9, 1), (0.34, 2), (0.65, 2), (0.66, 3), (6 / 9, 3), (1.0, 3), (2.5, 3)]
)
def test_semiquantitative_scores_by_hand(share: float, score: int) -> None:
    assert semiquantitative(share) == score


@given(st.floats(0, 3), st.floats(0, 3))
def test_more_altered_loops_never_lower_a_score(one: float, other: float) -> None:
    assert (semiquantitative(one) <= semiquantitative(other)) or one > other


def test_a_negative_share_is_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        semiquantitative(-0.1)


@pytest.mark.parametrize(("density", "share"), [(9.0, 0.0), (7.0, 0.0), (3.5, 0.5), (0.0, 1.0)])
def test_loss_by_hand(density: float, share: float) -> None:
    assert lost_share(density) == pytest.approx(share)


def test_csuri_by_hand() -> None:
    assert csuri(largest_um=80.0, giants=3, capillaries_distal=8) == pytest.approx(80 * 3 / 64)
    with pytest.raises(ValueError, match="no CSURI"):
        csuri(80.0, 0, 8)
    with pytest.raises(ValueError, match="no CSURI"):
        csuri(80.0, 3, 0)


def test_every_rule_and_figure_names_its_source() -> None:
    assert all(rule.source for rule in (*FAST_TRACK_RULES, *PATTERN_RULES))
    assert all(definition.source for definition in DEFINITIONS.values())
    assert sources.UNCONFIRMED in DEFINITIONS["mes"].source
    assert sources.UNCONFIRMED not in DEFINITIONS["fast_track"].source
    assert EXAM_ONLY.isdisjoint(figures_of(Extent.FINGER))
    assert figures_of(Extent.EXAM) == tuple(DEFINITIONS)
