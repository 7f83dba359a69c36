"""A bundle goes to a few boxes first, stops where too many fail, and can be taken back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.rollouts import RolloutStore
from appliance.domain.errors import SettingsError, StoreError
from appliance.fleet.jobs import JobState, JobUpdate

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)
BOXES = [(f"clinic-{number // 5}", f"box-{number}") for number in range(50)]


class Harness:
    """The operator, and boxes that answer as they are told."""

    def __init__(self, database: FleetDatabase, maker: JobMaker) -> None:
        self.database = database
        self.store, self.jobs, self.maker = RolloutStore(database), JobStore(database), maker
        self.rollout_id = self.store.start("e-2", BOXES, (0.1, 0.4), 0.2, "eva", NOW)

    def ask(self, *, force: bool = False) -> int:
        return self.store.next_group(self.rollout_id, self.maker, "eva", NOW, force=force)

    def answer(self, state: JobState, count: int = 99, reason: str = "") -> None:
        """So many of the boxes that have been asked and have not answered."""
        open_ones = [row for row in self.jobs.all() if not row.state.is_final][:count]
        for row in open_ones:
            whose = (row.signed.site, row.signed.box)
            update = JobUpdate(
                job_id=row.signed.job.job_id, version=9, state=state, reason=reason, boot_id="b",
                ts="2026-11-30T12:00:00.000Z",
            )  # fmt: skip
            assert self.jobs.take_update(whose, update, NOW) == ""


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    make_signing_key(tmp_path / "k", tmp_path / "p")
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
        yield Harness(database, JobMaker(tmp_path / "k"))


def test_groups_are_as_large_as_was_said_and_each_waits_for_the_one_before(harness: Harness) -> None:
    assert [len(stage.boxes) for stage in harness.store.rollout(harness.rollout_id).stages] == [5, 20, 25]
    assert harness.ask() == 5
    with pytest.raises(SettingsError, match="5 boxes have not ended yet"):
        harness.ask()
    harness.answer(JobState.SUCCEEDED, 4)
    assert harness.ask(force=True) == 20, "one box is away, and nobody waits for it"
    harness.answer(JobState.SUCCEEDED)
    assert harness.ask() == 25
    harness.answer(JobState.SUCCEEDED)
    with pytest.raises(SettingsError, match="every group was asked"):
        harness.ask()


def test_too_many_failures_pause_it_and_no_force_helps(harness: Harness) -> None:
    harness.ask()
    harness.answer(JobState.FAILED, 2, "measure: widths are shifted by +8.0%")
    harness.answer(JobState.SUCCEEDED)
    for force in (False, True):
        with pytest.raises(SettingsError, match=r"40% of the boxes failed|is paused"):
            harness.ask(force=force)
    assert harness.store.rollout(harness.rollout_id).is_paused
    assert len(harness.jobs.all()) == 5, "no further box was asked"


def test_one_failure_below_the_threshold_does_not_stop_it(harness: Harness) -> None:
    harness.ask()
    harness.answer(JobState.TIMED_OUT, 1)
    harness.answer(JobState.SUCCEEDED)
    assert harness.store.rollout(harness.rollout_id).failed_share == pytest.approx(0.2)
    assert harness.ask() == 20


def test_back_asks_those_that_took_it_and_cancels_those_that_have_not_begun(harness: Harness) -> None:
    harness.ask()
    harness.answer(JobState.SUCCEEDED, 2)
    harness.answer(JobState.FAILED, 1)
    before = {row.signed.job.job_id for row in harness.jobs.all()}
    assert harness.store.back(harness.rollout_id, "software", harness.maker, "eva", NOW) == 4
    new = [row for row in harness.jobs.all() if row.signed.job.job_id not in before]
    assert [row.signed.job.parameters for row in new] == [{"bundle": "software"}] * 4
    assert sum(row.signed.job.is_cancelled for row in harness.jobs.all()) == 2
    with pytest.raises(SettingsError, match="is paused"):
        harness.ask()
    harness.store.pause(harness.rollout_id, False)
    assert not harness.store.rollout(harness.rollout_id).is_paused


def test_another_bundle_begins_with_other_boxes(harness: Harness) -> None:
    other = harness.store.start("e-3", BOXES, (0.1,), 0.2, "eva", NOW)
    first = [set(harness.store.rollout(one).stages[0].boxes) for one in (harness.rollout_id, other)]
    assert first[0] != first[1]


@pytest.mark.parametrize("shares", [(0.0,), (0.6, 0.5), (1.0,)])
def test_shares_that_are_none_are_refused(harness: Harness, shares: tuple[float, ...]) -> None:
    with pytest.raises(SettingsError, match="shares"):
        harness.store.start("e-4", BOXES, shares, 0.2, "eva", NOW)


def test_system_is_rolled_out_like_networks_and_gives_way_to_a_system_alone(harness: Harness) -> None:
    rollout_id = harness.store.start("system/s-2", BOXES, (0.1,), 0.2, "eva", NOW)
    harness.store.next_group(rollout_id, harness.maker, "eva", NOW)
    asked = [row.signed.job for row in harness.jobs.all()]
    assert {(job.kind, job.parameters["bundle"]) for job in asked} == {("update-system", "s-2")}
    harness.answer(JobState.SUCCEEDED)
    with pytest.raises(SettingsError, match="software does not take the place of system/s-2"):
        harness.store.back(rollout_id, "software", harness.maker, "eva", NOW)
    assert not harness.store.rollout(rollout_id).is_paused
    assert harness.store.back(rollout_id, "system/s-1", harness.maker, "eva", NOW) == 5


def test_two_people_who_ask_the_same_group_at_once_ask_each_box_once(harness: Harness) -> None:
    """Both have looked before either has written."""
    second = RolloutStore(harness.database)
    seen = second.rollout(harness.rollout_id)
    assert harness.ask() == 5
    second.rollout = lambda _: seen  # type: ignore[method-assign]
    with pytest.raises(SettingsError, match="somebody else has just asked this group"):
        second.next_group(harness.rollout_id, harness.maker, "tom", NOW)
    assert len(harness.jobs.all()) == 5
    assert harness.store.rollout(harness.rollout_id).under_way == 5


def test_two_processes_start_the_same_rollout_once_and_ask_its_boxes_once(
    database: FleetDatabase, tmp_path: Path
) -> None:
    make_signing_key(tmp_path / "k", tmp_path / "p")
    maker, together, began = JobMaker(tmp_path / "k"), Barrier(2), []

    def begin(name: str) -> None:
        store = RolloutStore(database)
        together.wait(20)
        with suppress(SettingsError):
            began.append(store.start("e-2", BOXES, (0.1,), 0.2, name, NOW))
        together.wait(20)
        with suppress(SettingsError):
            store.next_group(began[0], maker, name, NOW)

    with ThreadPoolExecutor(2) as people:
        list(people.map(begin, ("eva", "tom")))
    assert len(began) == 1
    assert len(JobStore(database).all()) == 5


def test_a_group_whose_asking_breaks_off_is_not_half_asked(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    add, added = JobStore.add_within, list[Any]()

    def add_two(self: JobStore, *given: Any) -> None:
        if len(added) == 2:
            raise StoreError("could not keep the job: the database answered 'terminating connection'")
        added.append(given)
        add(self, *given)

    monkeypatch.setattr(JobStore, "add_within", add_two)
    with pytest.raises(StoreError):
        harness.ask()
    monkeypatch.undo()
    assert harness.jobs.all() == ()
    assert harness.ask() == 5
    assert len(harness.jobs.all()) == 5


def test_a_second_start_of_the_same_rollout_is_refused_and_names_the_first(harness: Harness) -> None:
    with pytest.raises(SettingsError, match=f"e-2 is on its way .* in the rollout {harness.rollout_id}"):
        harness.store.start("e-2", BOXES[7:9], (0.5,), 0.2, "tom", NOW)
    harness.store.start("e-2", [("clinic-99", "box-1")], (0.5,), 0.2, "tom", NOW)
    harness.store.start("e-3", BOXES, (0.5,), 0.2, "tom", NOW)
    harness.store.pause(harness.rollout_id, True)
    harness.store.start("e-2", BOXES, (0.5,), 0.2, "tom", NOW)
