"""The power goes while an older database is put back."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.apps.station.restoring import ask_to_restore, restore_if_asked
from appliance.domain.exam import ExamStart
from appliance.storage.backups import copy_checked
from appliance.storage.open_storage import DATABASE_NAME, open_storage
from appliance.storage.settings import StorageSettings
from tests.support.exam_parts import NOON
from tests.unit.apps.station.test_interrupted_rotation import PowerCutError


class Box:
    """Two exams, of which the backup knows the first, and an order to restore it."""

    def __init__(self, folder: Path) -> None:
        self.data, self.settings = folder, StorageSettings(folder / "exams", reserve_mb=0)
        (folder / "restore").mkdir(parents=True)
        with open_storage(self.settings, lambda: NOON) as storage:
            self.first = storage.exams.start_exam("NC-1", NOON, ExamStart("ana")).exam_id
            storage.exams.discard_exam(self.first, NOON)
            copy_checked(self.settings.folder / DATABASE_NAME, folder / "restore" / "backup.sqlite3")
            second = storage.exams.start_exam("NC-2", NOON + timedelta(hours=1), ExamStart("ana"))
            storage.exams.discard_exam(second.exam_id, NOON)
        # A log of the newer database: with the older one it would be another database's.
        shutil.copy(self.settings.folder / DATABASE_NAME, self.settings.folder / f"{DATABASE_NAME}-wal")
        ask_to_restore(folder, folder / "restore" / "backup.sqlite3", None, "ana")

    def start(self) -> str:
        return restore_if_asked(self.data, self.settings, NOON)


@contextmanager
def power_that_goes(monkeypatch: pytest.MonkeyPatch, before_change: int) -> Iterator[None]:
    """Before the so-many-th file that gets another name, is made or deleted."""
    left = [before_change]

    def cut(change: Callable[..., object]) -> Callable[..., object]:
        def changed(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise PowerCutError
            return change(*arguments, **named)

        return changed

    with monkeypatch.context() as patched:
        for owner, name in ((os, "rename"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir")):
            patched.setattr(owner, name, cut(getattr(owner, name)))
        yield


@pytest.mark.parametrize("before_change", range(14))
def test_the_power_goes_before_each_change_of_a_restore_and_the_next_start_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before_change: int
) -> None:
    box = Box(tmp_path)
    is_cut = False
    try:
        with power_that_goes(monkeypatch, before_change):
            assert box.start() == ""
    except PowerCutError:
        is_cut = True
    assert is_cut or before_change >= 10, "nearly every change comes before the end"
    assert box.start() == ""
    with open_storage(box.settings, lambda: NOON) as storage:
        assert [exam.exam_id for exam in storage.exams.exams()] == [box.first]
        assert storage.database.damage() == ""
        assert storage.journal.entries(limit=1)[0].action == "storage.restored"
    assert not list(tmp_path.glob("**/*.restoring"))
    assert not (tmp_path / "restore").exists()


def test_a_restore_that_ends_the_station_each_time_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(tmp_path)

    def end(*_: object, **__: object) -> None:
        raise PowerCutError

    monkeypatch.setattr("appliance.apps.station.restoring.restore", end)
    for _ in range(3):
        with pytest.raises(PowerCutError):
            box.start()
    assert "interrupted 3 times" in box.start()
    assert box.start() == ""
