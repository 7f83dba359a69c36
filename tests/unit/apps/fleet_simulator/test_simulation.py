"""Simulated boxes look like a clinic's and are the same for the same numbers."""

import random
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from statistics import mean

import pytest

from appliance.analysis.recorded_analysis import document_of, record_analysis
from appliance.apps.fleet_simulator.characters import characters
from appliance.apps.fleet_simulator.crowd import SimulatedBroker
from appliance.apps.fleet_simulator.nailfolds import Engine, analyse, any_nailfold, review
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.errors import SettingsError
from appliance.schemas import validate
from tests.support.exam_parts import IDENTITY

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)


def pictures(drift: float, count: int = 200) -> list[ImageAnalysis]:
    chance = random.Random(7)
    return [analyse(any_nailfold(chance), Engine(IDENTITY, drift), NOW, chance) for _ in range(count)]


def widths(found: list[ImageAnalysis]) -> list[float]:
    return [loop.apical.um for one in found for loop in one.capillaries if loop.apical is not None and loop.apical.um]


def test_two_hundred_boxes_have_names_of_their_own_and_eight_need_a_person() -> None:
    made = characters(200)
    assert len({one.name for one in made}) == 200
    assert Counter(one.trouble.value for one in made if one.trouble) == {
        "hot": 2, "disk full": 2, "failed camera": 2, "drifting widths": 2
    }  # fmt: skip


def test_processes_that_share_a_fleet_take_different_boxes() -> None:
    names = [one.name for first in (0, 50, 100) for one in characters(50, first)]
    assert len(set(names)) == 150


def test_every_simulated_result_fits_its_schema_and_some_abstain() -> None:
    found = pictures(0.0)
    for one in found:
        validate("nailfold.analysis-1", document_of(record_analysis(one, "a.png")))
    assert 2 < sum(not one.quality.is_evaluable for one in found) < 40


def test_drifting_engine_measures_wider_is_less_sure_and_everything_else_stays() -> None:
    sound, drifting = pictures(0.0), pictures(1.0)
    assert mean(widths(drifting)) / mean(widths(sound)) == pytest.approx(1.18, abs=0.04)
    scores = [mean(loop.score for one in found for loop in one.capillaries) for found in (sound, drifting)]
    assert scores[1] < scores[0] - 0.03


def test_review_changes_one_loop_and_the_figures_follow() -> None:
    for one in pictures(0.0, 20):
        reviewed = review(one, random.Random(1))
        assert reviewed.capillaries != one.capillaries
        assert reviewed.metrics.capillaries_total == len(reviewed.capillaries) >= len(one.capillaries) - 1


def test_simulated_boxes_leave_this_computer_only_with_certificates() -> None:
    with pytest.raises(SettingsError, match="without TLS"):
        SimulatedBroker("broker.example.org", 8883)
    assert SimulatedBroker("127.0.0.1", 1883).flags("a/b", Path("x"))["mqtt.tls"] is False
