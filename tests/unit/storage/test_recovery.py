"""What opening the storage does after a crash."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.exam import Exam, ExamStart
from appliance.storage.open_storage import Storage, open_storage
from appliance.storage.settings import StorageSettings
from tests.support.exam_harness import ExamHarness, mqtt_settings

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)


def reopen(folder: Path, now_utc: datetime = NOW) -> Storage:
    return open_storage(StorageSettings(folder), lambda: now_utc)


def exam_with_two_stills(folder: Path, *, undo: bool = False) -> Exam:
    with ExamHarness(folder, mqtt_settings(1)) as harness:
        harness.session.start("NC-1", ExamStart("ana"))
        harness.session.capture()
        harness.session.capture()
        if undo:
            harness.session.undo()
        exam = harness.storage.exams.open_exam()
        assert exam is not None
        return exam


def test_half_written_and_unconfirmed_stills_go_and_confirmed_ones_stay(tmp_path: Path) -> None:
    exam = exam_with_two_stills(tmp_path)
    folder = tmp_path / "images" / exam.exam_id
    (folder / "half.png.part").write_bytes(b"x")
    (folder / "unconfirmed.png").write_bytes(b"x")
    with reopen(tmp_path) as storage:
        assert storage.exams.open_exam() == exam
    assert {path.name for path in folder.iterdir()} == {image.file_name for image in exam.images}


def test_undone_still_of_the_open_exam_can_still_be_restored(tmp_path: Path) -> None:
    exam = exam_with_two_stills(tmp_path, undo=True)
    with reopen(tmp_path) as storage:
        rows = storage.database.rows("look", "SELECT image_id FROM images WHERE is_removed = 1")
        storage.exams.restore_image(exam.exam_id, rows[0]["image_id"])
        assert storage.exams.read_png(exam.exam_id, rows[0]["image_id"])


def test_undone_still_goes_with_the_end_of_the_exam_even_after_a_crash(tmp_path: Path) -> None:
    exam = exam_with_two_stills(tmp_path, undo=True)
    folder = tmp_path / "images" / exam.exam_id
    assert len(list(folder.iterdir())) == 2
    with reopen(tmp_path) as storage, storage.database.transaction("crash before tidying") as connection:
        connection.execute("UPDATE exams SET state = 'discarded', finished_at = started_at")
    assert len(list(folder.iterdir())) == 2
    reopen(tmp_path).close()
    assert [path.name for path in folder.iterdir()] == [exam.images[0].file_name]


def test_stills_that_an_older_backup_does_not_know_are_kept(tmp_path: Path) -> None:
    with ExamHarness(tmp_path, mqtt_settings(1)) as harness:
        harness.examine()
    older = (tmp_path / "exams.sqlite3").read_bytes()
    with ExamHarness(tmp_path, mqtt_settings(1)) as harness:
        exam = harness.examine()
    (tmp_path / "exams.sqlite3").write_bytes(older)
    reopen(tmp_path).close()
    assert len(list((tmp_path / "images" / exam.exam_id).iterdir())) == 2


def test_confirmed_payloads_are_dropped_after_their_time_and_the_state_stays(tmp_path: Path) -> None:
    with ExamHarness(tmp_path, mqtt_settings(1)) as harness:
        exam = harness.examine()
        (queued,) = harness.storage.outbox.due(NOW + timedelta(days=3650))
        harness.storage.outbox.mark_sent(queued.message.msg_id, NOW)
        harness.storage.outbox.mark_receipted(queued.message.msg_id, NOW)
    for days, is_kept in ((30, True), (31, False)):
        with reopen(tmp_path, NOW + timedelta(days=days, seconds=-1)) as storage:
            rows = storage.database.rows("look", "SELECT length(payload) AS size FROM outbox")
            assert (rows[0]["size"] > 0) is is_kept
            assert storage.outbox.message_state(exam.exam_id) == "receipted"


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not make the exam folder"):
        reopen(tmp_path / "file" / "exams")


def test_second_station_on_the_same_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with reopen(tmp_path):
        half_written = tmp_path / "images" / "exam" / "a.png.part"
        half_written.parent.mkdir(parents=True)
        half_written.write_bytes(b"x")
        with pytest.raises(StoreError, match="in use by another station"):
            reopen(tmp_path)
        assert half_written.exists()
    reopen(tmp_path).close()
    assert not half_written.exists()
