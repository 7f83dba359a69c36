"""When the figures of a box's networks are no longer those of its reference, and when that is chance."""

import numpy as np
import pytest

from appliance.apps.fleet_server.model_drift import FIGURES, Counts, Drift, compare, is_drifting, stability_index

WIDTH = next(figure for figure in FIGURES if figure.key == "apical_um")
SHARE = next(figure for figure in FIGURES if figure.key == "abstention")


def patients(exams: int, seed: int, *, wider: float = 0.0, loops: int = 40) -> Counts:
    """Widths in bins of 2 um; all loops of an exam are about as wide as its patient's."""
    chance = np.random.default_rng(seed)
    counts = np.zeros((exams, WIDTH.bins), dtype=np.int64)
    for exam, mean_um in enumerate(chance.choice([14.0, 15.0, 22.0, 32.0], exams, p=[0.4, 0.3, 0.2, 0.1])):
        for width_um in chance.normal(mean_um, 2.0, loops) * (1 + wider):
            counts[exam, WIDTH.bin_of(width_um)] += 1
    return counts


@pytest.mark.parametrize(
    ("reference", "current", "index"),
    [
        # 0.25 ln 2 + (-0.25) ln (2/3), worked by hand
        ([500_000, 500_000], [250_000, 750_000], 0.27465),
        ([100, 100], [100, 100], 0.0),
        # half a count keeps the empty bin finite: (0.5/3 - 0.5/2)... by hand with p = 2.5/3, q = 0.5/3
        ([2, 0], [0, 2], 2 * (2.0 / 3.0) * np.log(5.0)),
    ],
)
def test_stability_index_is_as_worked_by_hand(reference: list[int], current: list[int], index: float) -> None:
    found = stability_index(np.array(reference, dtype=np.float64), np.array(current, dtype=np.float64))
    assert float(found) == pytest.approx(index, abs=1e-4)


def test_same_patients_measured_wider_are_drift() -> None:
    drift = compare(WIDTH, patients(100, 1), patients(50, 2, wider=0.25))
    assert drift is not None
    assert drift.chance <= 0.001
    assert is_drifting(WIDTH, drift, was_drifting=False)


def test_other_patients_are_no_drift_though_the_bare_index_says_so() -> None:
    """Twenty exams of one loop-rich patient each: the index alone would raise an alarm; whole exams do not."""
    raised = []
    for seed in range(12):
        drift = compare(WIDTH, patients(20, 2 * seed), patients(10, 2 * seed + 1))
        assert drift is not None
        raised.append((drift.index >= WIDTH.raise_at, is_drifting(WIDTH, drift, was_drifting=False)))
    assert sum(by_index for by_index, _ in raised) >= 3
    assert not any(drifts for _, drifts in raised)


def test_too_few_loops_say_nothing() -> None:
    assert compare(WIDTH, patients(100, 1), patients(50, 2, loops=3, wider=1.0)) is None
    few = np.array([[9, 1]])
    assert compare(SHARE, np.repeat(few, 100, axis=0), few) is None


def test_drift_is_raised_beyond_one_limit_and_ends_below_another() -> None:
    sure = 0.0005
    assert not is_drifting(WIDTH, Drift(0.19, sure), was_drifting=False)
    assert is_drifting(WIDTH, Drift(0.2, sure), was_drifting=False)
    assert not is_drifting(WIDTH, Drift(0.5, 0.01), was_drifting=False), "it may be chance"
    assert is_drifting(WIDTH, Drift(0.11, 0.2), was_drifting=True)
    assert not is_drifting(WIDTH, Drift(0.09, 0.2), was_drifting=True)


def test_share_that_triples_is_drift() -> None:
    chance = np.random.default_rng(4)
    reference = np.stack([[8 - bad, bad] for bad in chance.binomial(8, 0.07, 100)])
    current = np.stack([[8 - bad, bad] for bad in chance.binomial(8, 0.25, 50)])
    drift = compare(SHARE, reference, current)
    assert drift is not None
    assert is_drifting(SHARE, drift, was_drifting=False)
