"""What every ExamStore promises about exams that were captured elsewhere."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from appliance.domain.errors import NotKeptError, StoreError
from appliance.domain.exam import ExamState, Finger, Hand, Placement, Sector, SkippedPlacement
from appliance.ports import ExamImport, ExamStore, Outbox, OutboxMessage
from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.outbox import SqliteOutbox
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, finished_exam

OTHER_ID = "019ab000-0000-7000-8000-000000000002"
MESSAGE = OutboxMessage("019ab000-0000-7000-8000-00000000aaaa", "nailfold.exam/1", b"{}", "a" * 64)


@dataclass
class Box:
    store: ExamStore
    outbox: Outbox
    fill_disk: Callable[[], None]
    left_files: Callable[[], int]


@pytest.fixture(params=["sqlite", "memory"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if request.param == "memory":
        memory = MemoryExamStore()
        yield Box(memory, memory.outbox, memory.fill_disk, lambda: 0)
        return
    free = [10**9]
    database = Database(tmp_path / "exams.sqlite3")
    files = ImageFiles(tmp_path / "images", 0, lambda _: free[0])
    store = SqliteExamStore(database, files)
    yield Box(store, SqliteOutbox(database), lambda: free.__setitem__(0, 3000), lambda: count(tmp_path / "images"))
    database.close()


def count(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


def an_import(exam_id: str = EXAM_ID) -> ExamImport:
    exam, files = finished_exam(exam_id=exam_id)
    skipped = SkippedPlacement(Placement(Hand.RIGHT, Finger.LITTLE, Sector.D), "bandage")
    return ExamImport(replace(exam, skipped=(skipped,), protocol="16"), files, "archive")


def test_an_imported_exam_is_there_whole_and_marked(box: Box) -> None:
    one = an_import()
    box.store.import_exams([one], NOON)
    assert box.store.exam(EXAM_ID) == one.exam
    assert box.store.read_png(EXAM_ID, one.exam.images[1].image_id) == one.files[one.exam.images[1].image_id]
    mark = box.store.import_mark(EXAM_ID)
    assert mark is not None
    assert (mark.origin, mark.imported_at_utc) == ("archive", NOON)


def test_an_exam_of_this_box_has_no_mark(box: Box) -> None:
    assert box.store.import_mark(box.store.start_exam("NC-1", NOON).exam_id) is None


def test_nothing_is_published_unless_a_message_is_given(box: Box) -> None:
    box.store.import_exams([an_import(), replace(an_import(OTHER_ID), message=MESSAGE)], NOON)
    assert box.outbox.message_state(EXAM_ID) is None
    assert box.outbox.message_state(OTHER_ID) == "pending"


def test_an_exam_that_is_kept_already_is_refused_and_unharmed(box: Box) -> None:
    one = an_import()
    box.store.import_exams([one], NOON)
    with pytest.raises(StoreError, match="kept already"):
        box.store.import_exams([an_import(OTHER_ID), one], NOON)
    with pytest.raises(NotKeptError):
        box.store.exam(OTHER_ID)
    assert box.store.read_png(EXAM_ID, one.exam.images[0].image_id) == one.files[one.exam.images[0].image_id]


def test_a_file_that_is_not_the_images_leaves_nothing_of_any_exam(box: Box) -> None:
    good, bad = an_import(), an_import(OTHER_ID)
    swapped: Mapping[str, bytes] = {**bad.files, bad.exam.images[2].image_id: b"another picture"}
    with pytest.raises(StoreError, match="digest"):
        box.store.import_exams([good, replace(bad, files=swapped)], NOON)
    assert box.store.exams() == ()
    assert box.left_files() == 0


def test_a_full_disk_leaves_nothing(box: Box) -> None:
    box.fill_disk()
    with pytest.raises(StoreError, match="full"):
        box.store.import_exams([an_import()], NOON)
    assert box.store.exams() == ()
    assert box.left_files() == 0


def test_a_missing_file_or_an_open_exam_is_refused(box: Box) -> None:
    one = an_import()
    with pytest.raises(StoreError, match="3 files"):
        box.store.import_exams([replace(one, files={})], NOON)
    with pytest.raises(StoreError, match="is open"):
        box.store.import_exams([replace(one, exam=replace(one.exam, state=ExamState.OPEN, finished_at_utc=None))], NOON)


def test_the_same_exam_twice_is_refused(box: Box) -> None:
    with pytest.raises(StoreError, match="twice"):
        box.store.import_exams([an_import(), an_import()], NOON)
    assert box.store.exams() == ()


def test_an_exam_can_be_open_meanwhile(box: Box) -> None:
    opened = box.store.start_exam("NC-1", NOON)
    box.store.import_exams([an_import()], NOON)
    still_open = box.store.open_exam()
    assert still_open is not None
    assert still_open.exam_id == opened.exam_id
