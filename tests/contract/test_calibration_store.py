"""What every CalibrationStore promises."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.calibration import Axis, Calibration, ScaleOrigin
from appliance.domain.errors import NotKeptError, StoreError
from appliance.domain.kept_calibration import CalibrationState, Drawing, Evidence, KeptCalibration
from appliance.domain.measured_scale import CalibrationMethod
from appliance.ports import CalibrationStore
from appliance.storage.calibration_store import SqliteCalibrationStore
from appliance.storage.database import Database
from appliance.storage.image_files import ImageFiles
from appliance.storage.memory_calibrations import MemoryCalibrationStore

NOW = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=timezone.utc)
PICTURES = {Axis.X: b"picture along x", Axis.Y: b"picture along y"}
DRAWN = Drawing(lines=(((10.0, 0.5), (10.0, 479.5)),), points=((1.25, 2.5),))


@dataclass
class Harness:
    store: CalibrationStore
    reopened: Callable[[], CalibrationStore]
    fill_disk: Callable[[], None]
    free_disk: Callable[[], None]


@pytest.fixture(params=["memory", "sqlite"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    if request.param == "memory":
        memory = MemoryCalibrationStore()
        yield Harness(memory, lambda: memory, memory.fill_disk, memory.free_disk)
        return
    free = {"bytes": 10**9}
    database = Database(tmp_path / "exams.sqlite3")

    def store() -> CalibrationStore:
        return SqliteCalibrationStore(database, ImageFiles(tmp_path / "calibrations", 0, lambda _: free["bytes"]))

    yield Harness(store(), store, lambda: free.update(bytes=0), lambda: free.update(bytes=10**9))
    database.close()


def calibration(
    name: str, magnification: str = "200x", width_px: int = 640, device: str = "a168:0990:X1"
) -> KeptCalibration:
    known = Calibration(
        name, 1.41, width_px, 480, ScaleOrigin.STAGE_MICROMETER, magnification, NOW, 0.003, 1.409, 1.411
    )
    evidence = tuple(
        Evidence(axis, CalibrationMethod.GRADUATIONS, 10.0, 1.41, 0.002, hashlib.sha256(png).hexdigest(), DRAWN)
        for axis, png in PICTURES.items()
    )
    return KeptCalibration(
        known, device, "Dino-Lite", "1 mm / 100", "anna", evidence, CalibrationState.ACTIVE, NOW, "anna", "new ring"
    )


def test_what_was_kept_is_read_back_whole(harness: Harness) -> None:
    kept = calibration("one")
    harness.store.keep(kept, PICTURES)
    again = harness.reopened()
    assert again.calibration("one") == kept
    assert again.active(kept.setup) == kept
    assert [again.picture("one", axis) for axis in PICTURES] == list(PICTURES.values())


def test_a_newer_calibration_of_the_same_setup_takes_the_place_of_the_earlier(harness: Harness) -> None:
    harness.store.keep(calibration("old"), PICTURES)
    harness.store.keep(replace(calibration("new"), changed_by="ben"), PICTURES)
    old = harness.store.calibration("old")
    assert (old.state, old.changed_by) == (CalibrationState.SUPERSEDED, "ben")
    active = harness.store.active(old.setup)
    assert active is not None
    assert active.calibration.calibration_id == "new"
    assert [kept.calibration.calibration_id for kept in harness.store.calibrations()] == ["new", "old"]


@pytest.mark.parametrize(
    "other",
    [
        calibration("other", magnification="50x"),
        calibration("other", width_px=1280),
        calibration("other", device="a168:0990:X2"),
    ],
)
def test_another_magnification_size_or_device_has_its_own_active_calibration(
    harness: Harness, other: KeptCalibration
) -> None:
    first = calibration("first")
    harness.store.keep(first, PICTURES)
    assert harness.store.active(other.setup) is None
    harness.store.keep(other, PICTURES)
    assert harness.store.active(first.setup) == first
    assert harness.store.active(other.setup) == other


def test_retiring_locks_the_setup_and_can_be_undone(harness: Harness) -> None:
    kept = calibration("one")
    harness.store.keep(calibration("older"), PICTURES)
    harness.store.keep(kept, PICTURES)
    later = NOW + timedelta(hours=1)
    before = harness.store.set_state("one", CalibrationState.RETIRED, later, "ben")
    assert before.state is CalibrationState.ACTIVE
    assert harness.store.active(kept.setup) is None
    retired = harness.store.calibration("one")
    assert (retired.state, retired.changed_at_utc, retired.changed_by) == (CalibrationState.RETIRED, later, "ben")
    harness.store.set_state("one", before.state, later, "ben")
    assert harness.store.active(kept.setup) is not None


def test_an_earlier_one_can_be_made_active_again(harness: Harness) -> None:
    harness.store.keep(calibration("old"), PICTURES)
    harness.store.keep(calibration("new"), PICTURES)
    harness.store.set_state("old", CalibrationState.ACTIVE, NOW, "anna")
    states = {kept.calibration.calibration_id: kept.state for kept in harness.store.calibrations()}
    assert states == {"old": CalibrationState.ACTIVE, "new": CalibrationState.SUPERSEDED}


def test_pictures_that_are_not_the_evidence_are_refused(harness: Harness) -> None:
    for pictures in ({}, {Axis.X: PICTURES[Axis.X]}, {**PICTURES, Axis.Y: b"another"}):
        with pytest.raises(StoreError, match="evidence"):
            harness.store.keep(calibration("one"), pictures)
    assert harness.store.calibrations() == ()


def test_on_a_full_disk_nothing_is_kept_and_the_earlier_one_stays_active(harness: Harness) -> None:
    first = harness.store.keep(calibration("first"), PICTURES)
    harness.fill_disk()
    with pytest.raises(StoreError, match="full"):
        harness.store.keep(calibration("second"), PICTURES)
    harness.free_disk()
    assert harness.store.calibrations() == (first,)
    harness.store.keep(calibration("second"), PICTURES)


def test_an_id_is_kept_once_and_its_picture_survives_the_second_try(harness: Harness) -> None:
    harness.store.keep(calibration("one"), PICTURES)
    with pytest.raises(StoreError):
        harness.store.keep(calibration("one"), PICTURES)
    assert harness.store.picture("one", Axis.X) == PICTURES[Axis.X]
    assert harness.store.calibration("one").state is CalibrationState.ACTIVE


def test_unknown_ids_are_named(harness: Harness) -> None:
    for ask in (
        lambda: harness.store.calibration("nine"),
        lambda: harness.store.picture("nine", Axis.X),
        lambda: harness.store.set_state("nine", CalibrationState.RETIRED, NOW, "anna"),
    ):
        with pytest.raises(NotKeptError, match="nine"):
            ask()


def test_each_device_has_its_stated_magnification(harness: Harness) -> None:
    assert harness.store.stated_magnification("a") is None
    harness.store.state_magnification("a", "200x", NOW, "anna")
    harness.store.state_magnification("b", "50x", NOW, "anna")
    harness.store.state_magnification("a", "220x", NOW, "ben")
    again = harness.reopened()
    assert (again.stated_magnification("a"), again.stated_magnification("b")) == ("220x", "50x")


def test_calibrations_of_one_device_are_listed_alone(harness: Harness) -> None:
    harness.store.keep(calibration("one"), PICTURES)
    other = harness.store.keep(calibration("two", device="b"), PICTURES)
    assert harness.store.calibrations("b") == (other,)
