"""Simulated boxes look like a clinic's and are the same for the same numbers."""

import random
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from statistics import mean

import pytest

from appliance.analysis.recorded_analysis import document_of, record_analysis
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.reception import Arrival, ReceivedResult, receive
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_simulator.box import SimulatedBox
from appliance.apps.fleet_simulator.characters import SimulatedTrouble, characters
from appliance.apps.fleet_simulator.nailfolds import Engine, analyse, any_nailfold, review
from appliance.apps.fleet_simulator.simulated_fleet import SimulatedBroker
from appliance.apps.system_clock import SystemClock
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import SettingsError
from appliance.ports import QueuedMessage
from appliance.schemas import validate
from appliance.storage.open_storage import open_beside
from appliance.storage.settings import StorageSettings
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


def test_history_of_a_drifting_box_is_what_the_fleet_finds_as_drift(tmp_path: Path) -> None:
    character = next(one for one in characters(5) if one.trouble is SimulatedTrouble.WIDTHS_DRIFT)
    flags = {"mqtt.host": "127.0.0.1", "mqtt.tls": False}
    with SimulatedBox(character, tmp_path / "data", flags, IDENTITY, images=3) as box:
        box.tell_history(160, days=60.0)
    folder = next((tmp_path / "data").rglob("exams.sqlite3")).parent
    with open_beside(StorageSettings(folder), SystemClock().now_utc) as storage:
        waiting = storage.outbox.due(SystemClock().now_utc(), 1000)
    assert [one.seq for one in waiting] == list(range(1, len(waiting) + 1))
    whose = (character.clinic.site, character.box)
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
        arrived = [receive(arrival_of(one, whose)) for one in waiting]
        kept = [one for one in arrived if isinstance(one, ReceivedResult)]
        assert len(kept) == len(waiting)
        ResultStore(database).keep(kept, (), NOW)
        watch = ModelWatch(database)
        watch.step(600.0, NOW)
        assert {one.figure for one in watch.raised()[whose]} >= {"score", "apical_um"}


def arrival_of(queued: QueuedMessage, whose: tuple[str, str]) -> Arrival:
    message = queued.message
    properties = {
        "msg_id": message.msg_id, "schema": message.schema, "seq": str(queued.seq), "sha256": message.sha256
    }  # fmt: skip
    return Arrival(BoxTopics(*whose).result(message.msg_id), message.payload, properties)
