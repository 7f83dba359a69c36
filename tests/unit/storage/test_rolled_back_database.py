"""An older database put back, an emptied one, a damaged one: what the box says, and how it gets out of it."""

import os
import shutil
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.apps.doctor.host_checks import check_database
from appliance.domain.errors import StoreError
from appliance.storage.open_storage import DATABASE_NAME, open_beside, open_storage
from appliance.storage.restore import RESTORED, restore, start_anew
from appliance.storage.settings import StorageSettings

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def now() -> datetime:
    return NOON


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return StorageSettings(tmp_path / "exams", reserve_mb=0)


def act(settings: StorageSettings, count: int, actor: str = "ana") -> None:
    """So many actions of one run of the station."""
    with open_storage(settings, now) as storage:
        for number in range(count):
            storage.journal.append(actor, "review:a", "review.edited", {"number": number})


def copy_of(settings: StorageSettings) -> bytes:
    return (settings.folder / DATABASE_NAME).read_bytes()


def put_back(settings: StorageSettings, database: bytes) -> None:
    for suffix in ("-wal", "-shm"):
        (settings.folder / f"{DATABASE_NAME}{suffix}").unlink(missing_ok=True)
    (settings.folder / DATABASE_NAME).write_bytes(database)


def test_an_old_database_put_back_never_verifies_again(settings: StorageSettings) -> None:
    act(settings, 3)
    old = copy_of(settings)
    act(settings, 2)
    put_back(settings, old)
    act(settings, 9)

    with open_storage(settings, now) as storage:
        check = storage.journal.verify()
        [alarm] = storage.journal.alarms()

    assert not check.is_intact
    assert check.reason.startswith("entries 4 to 5 were removed")
    assert (settings.folder / alarm.detail["evidence"]).read_text().startswith("5 ")


def test_the_command_line_notices_it_as_well_as_the_station(settings: StorageSettings) -> None:
    act(settings, 3)
    old = copy_of(settings)
    act(settings, 2)
    put_back(settings, old)
    with open_beside(settings, now) as storage:
        storage.journal.append("console", "account:ana", "account.password_reset", {})

        assert not storage.journal.verify().is_intact


def test_a_database_of_another_box_is_noticed(settings: StorageSettings, tmp_path: Path) -> None:
    other = StorageSettings(tmp_path / "other", reserve_mb=0)
    act(other, 9, "mallory")
    act(settings, 3)
    put_back(settings, copy_of(other))

    with open_storage(settings, now) as storage:
        assert storage.journal.verify().reason.startswith("entry 3 is not the one that was written then")


def test_a_removed_note_of_the_newest_entry_is_noticed(settings: StorageSettings) -> None:
    act(settings, 3)
    (settings.folder / "journal.head").unlink()
    act(settings, 1)

    with open_storage(settings, now) as storage:
        assert "note of the newest entry was removed" in storage.journal.verify().reason


def test_a_note_of_the_newest_entry_that_became_gigabytes_is_kept_by_its_beginning(
    settings: StorageSettings,
) -> None:
    act(settings, 2)
    head = settings.folder / "journal.head"
    os.truncate(head, 30_000_000_000)  # holes: no computer reads so much before the test's end
    with open_storage(settings, now) as storage:
        [alarm] = storage.journal.alarms()
        assert not storage.journal.verify().is_intact
    assert (settings.folder / alarm.detail["evidence"]).stat().st_size < 10_000


def test_a_pipe_in_place_of_the_note_of_the_newest_entry_is_not_waited_for(settings: StorageSettings) -> None:
    act(settings, 2)
    head = settings.folder / "journal.head"
    head.unlink()
    os.mkfifo(head)
    with open_storage(settings, now) as storage, pytest.raises(StoreError, match="no regular file"):
        storage.journal.verify()


def test_the_same_database_opened_again_raises_no_alarm(settings: StorageSettings) -> None:
    for _ in range(3):
        act(settings, 2)

    with open_storage(settings, now) as storage:
        assert storage.journal.verify().is_intact
        assert storage.journal.alarms() == ()


@pytest.mark.parametrize("left", [None, b""])
def test_a_lost_database_beside_a_head_does_not_start_as_a_new_box(
    settings: StorageSettings, left: bytes | None
) -> None:
    act(settings, 3)
    (settings.folder / DATABASE_NAME).unlink()
    if left is not None:
        (settings.folder / DATABASE_NAME).write_bytes(left)

    with pytest.raises(StoreError, match=r"the folder holds journal\.head.*nailfold data restore.*start-anew"):
        open_storage(settings, now)


def test_an_emptied_database_beside_stills_does_not_start_as_a_new_box(settings: StorageSettings) -> None:
    open_storage(settings, now).close()
    still = settings.folder / "images" / "an-exam" / "left-ring-a.png"
    still.parent.mkdir(parents=True)
    still.write_bytes(b"a still")

    with pytest.raises(StoreError, match=r"holds (.* and )?1 still"):
        open_storage(settings, now)


def test_beginning_anew_on_purpose_keeps_everything_aside(settings: StorageSettings) -> None:
    act(settings, 3)
    database = copy_of(settings)
    aside = start_anew(settings, NOON)

    act(settings, 1)
    assert (aside / DATABASE_NAME).read_bytes() == database
    assert (aside / "journal.head").exists()


def test_a_damaged_page_is_noticed_at_the_start_and_a_backup_gets_the_box_out(settings: StorageSettings) -> None:
    act(settings, 300)
    with open_storage(settings, now) as storage:
        backup = storage.backups.make(NOON)
    act(settings, 2)
    damage(settings)

    with pytest.raises(StoreError, match=r"damaged.*nailfold data restore"):
        open_storage(settings, now)

    aside = restore(settings, backup.path, NOON + timedelta(hours=1))
    with open_storage(settings, now) as storage:
        entries = storage.journal.entries()
        reason = storage.journal.verify().reason
    assert [entry.action for entry in entries[-2:]] == ["journal.alarm", RESTORED]
    assert reason.startswith("entries 301 to 302 were removed")
    assert (aside / DATABASE_NAME).exists()


def test_a_damaged_backup_is_refused_and_nothing_is_changed(settings: StorageSettings, tmp_path: Path) -> None:
    act(settings, 300)
    bad = tmp_path / "bad.sqlite3"
    shutil.copyfile(settings.folder / DATABASE_NAME, bad)
    bad.write_bytes(damaged(bad.read_bytes()))
    before = copy_of(settings)

    with pytest.raises(StoreError, match="damaged"):
        restore(settings, bad, NOON)
    assert copy_of(settings) == before
    assert not list(settings.folder.glob("set-aside-*"))


def test_a_running_station_keeps_its_database(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        storage.journal.append("ana", "review:a", "review.edited", {})
        backup = storage.backups.make(NOON)
        with pytest.raises(StoreError, match="in use by another station"):
            restore(settings, backup.path, NOON)


def test_the_newest_backups_are_kept(settings: StorageSettings) -> None:
    act(settings, 1)
    with open_storage(settings, now) as storage:
        made = [storage.backups.make(NOON + timedelta(days=day)) for day in range(9)]

        assert storage.backups.all() == tuple(reversed(made[2:]))
        with sqlite3.connect(made[-1].path) as copy:
            assert copy.execute("SELECT count(*) FROM journal").fetchone() == (1,)
        copy.close()


def test_a_still_that_the_backup_does_not_know_is_set_aside_and_not_deleted(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        exam_id = storage.exams.start_exam("NC-1", NOON).exam_id
        backup = storage.backups.make(NOON)
    still = settings.folder / "images" / exam_id / "left-ring-a.png"
    still.parent.mkdir(parents=True)
    still.write_bytes(b"captured after the backup")

    aside = restore(settings, backup.path, NOON)
    open_storage(settings, now).close()

    assert (aside / "images" / exam_id / still.name).read_bytes() == b"captured after the backup"


def damage(settings: StorageSettings) -> None:
    path = settings.folder / DATABASE_NAME
    path.write_bytes(damaged(path.read_bytes()))


def damaged(database: bytes) -> bytes:
    """A database with a few pages of its middle overwritten."""
    middle = len(database) // 2 // 4096 * 4096
    return database[:middle] + b"\xa5" * 8192 + database[middle + 8192 :]


def test_the_doctor_finds_a_damaged_page_before_the_next_start(settings: StorageSettings) -> None:
    assert check_database(settings.folder).is_found
    act(settings, 300)
    assert check_database(settings.folder).is_found
    damage(settings)

    finding = check_database(settings.folder)
    assert finding.is_fault
    assert "nailfold data restore" in finding.remedy
