"""A data folder beside its station: looked into, never made, recovered or tidied."""

from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.patient import PatientIdentity
from appliance.storage.open_storage import open_beside, open_storage
from appliance.storage.settings import StorageSettings

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def now() -> datetime:
    return NOON


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return StorageSettings(tmp_path / "box" / "exams", reserve_mb=0)


def everything(settings: StorageSettings) -> set[str]:
    folder = settings.folder.parent
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix[1:] not in ("sqlite3-wal", "sqlite3-shm")
    }


def test_where_there_is_nothing_nothing_is_made(settings: StorageSettings) -> None:
    with pytest.raises(StoreError, match="no station's data"):
        open_beside(settings, now)
    assert not settings.folder.parent.exists()


def test_reading_beside_the_station_adds_and_removes_no_file(settings: StorageSettings) -> None:
    with open_beside(settings, now, make=True) as storage:
        storage.journal.append("ana", "report", "report.form_changed", {})
    settings.folder.with_name("identity.key").unlink()
    half_written = settings.folder / "images" / "exam" / "a.png.part"
    half_written.parent.mkdir(parents=True)
    half_written.write_bytes(b"half")
    before = everything(settings)
    with open_beside(settings, now) as storage:
        assert len(storage.journal.entries()) == 1
        assert storage.patients.problem != ""
        assert storage.finder is not None
    assert everything(settings) == before


def test_beside_the_station_its_lock_is_not_asked_for_and_its_key_is_used(settings: StorageSettings) -> None:
    with open_storage(settings, now) as station:
        known = station.patients.add_patient("NC-1", NOON, PatientIdentity("Eva Braun-Roth"))
        with open_beside(settings, now) as storage:
            assert storage.patients.patient(known.patient_id).identity == PatientIdentity("Eva Braun-Roth")


def test_a_folder_is_made_where_it_is_asked_for(settings: StorageSettings) -> None:
    with open_beside(settings, now, make=True) as storage:
        assert storage.exams.exams() == ()
    assert settings.folder.stat().st_mode & 0o777 == 0o700
