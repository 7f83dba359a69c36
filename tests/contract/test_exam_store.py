"""What every ExamStore promises."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.analysis.recorded_analysis import recorded_from_text
from appliance.domain.errors import ExamError, NotKeptError, StoreError
from appliance.domain.exam import (
    CapturedImage,
    ExamStart,
    ExamState,
    Finger,
    Hand,
    ImageKind,
    Placement,
    Sector,
    SkippedPlacement,
)
from appliance.ports import ExamStore, FolderStore, Outbox, OutboxMessage
from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.folder_store import SqliteFolderStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.outbox import SqliteOutbox
from tests.support.exam_parts import recorded_result
from tests.support.recorded_results import FIRST_EDITION, FOREIGN

NOW = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=timezone.utc)


@dataclass
class Harness:
    store: ExamStore
    outbox: Outbox
    folders: FolderStore
    fill_disk: Callable[[], None]
    free_disk: Callable[[], None]


def memory_harness() -> Harness:
    store = MemoryExamStore()
    return Harness(store, store.outbox, store.folders, store.fill_disk, store.free_disk)


class SqliteDisk:
    """SQLite's own limit on pages gives the real "database or disk is full"; files ask `free`."""

    def __init__(self, folder: Path) -> None:
        self.free_bytes = 10**9
        self.database = Database(folder / "exams.sqlite3")
        self.files = ImageFiles(folder / "images", 0, lambda _: self.free_bytes)

    def fill(self) -> None:
        self.free_bytes = 0
        pages = self.database.rows("count", "PRAGMA page_count")[0][0]
        self.database.rows("limit", f"PRAGMA max_page_count = {pages}")

    def free(self) -> None:
        self.free_bytes = 10**9
        self.database.rows("limit", "PRAGMA max_page_count = 1000000")


@pytest.fixture(params=["sqlite", "memory"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    if request.param == "memory":
        yield memory_harness()
        return
    disk = SqliteDisk(tmp_path)
    store, outbox = SqliteExamStore(disk.database, disk.files), SqliteOutbox(disk.database)
    yield Harness(store, outbox, SqliteFolderStore(disk.database), disk.fill, disk.free)
    disk.database.close()


@pytest.fixture
def store(harness: Harness) -> ExamStore:
    return harness.store


def png_of(name: str) -> bytes:
    return f"picture {name}".encode() * 50


def image(name: str, sector: Sector = Sector.B) -> CapturedImage:
    return CapturedImage(
        image_id=name,
        hand=Hand.LEFT,
        finger=Finger.RING,
        sector=sector,
        captured_at_utc=NOW,
        file_name=f"{name}.png",
        sha256=hashlib.sha256(png_of(name)).hexdigest(),
        recorded=recorded_result(f"{name}.png"),
    )


def message(name: str = "m1", size: int = 20_000) -> OutboxMessage:
    payload = b"x" * size
    return OutboxMessage(name, "nailfold.exam/1", payload, hashlib.sha256(payload).hexdigest())


def test_exam_comes_back_with_its_images_oldest_first(store: ExamStore) -> None:
    exam = store.start_exam("NC-0042", NOW)
    for name in ("b", "a", "c"):
        store.add_image(exam.exam_id, image(name), png_of(name))
    kept = store.exam(exam.exam_id)
    assert (kept.patient_pseudonym, kept.state, kept.started_at_utc) == ("NC-0042", ExamState.OPEN, NOW)
    assert kept.images == (image("b"), image("a"), image("c"))
    assert store.read_png(exam.exam_id, "a") == png_of("a")
    assert store.open_exam() == kept


@pytest.mark.parametrize("text", [FIRST_EDITION, FOREIGN])
def test_a_result_comes_back_as_it_was_stored_to_the_byte(store: ExamStore, text: str) -> None:
    exam = store.start_exam("NC-0042", NOW)
    store.add_image(exam.exam_id, replace(image("a"), recorded=recorded_from_text(text)), png_of("a"))
    (kept,) = store.exam(exam.exam_id).images
    assert kept.recorded.text == text
    assert kept.analysis == recorded_from_text(text).analysis


def test_an_exam_with_a_damaged_result_still_opens_and_only_that_result_is_missing(store: ExamStore) -> None:
    exam = store.start_exam("NC-0042", NOW)
    store.add_image(exam.exam_id, image("a"), png_of("a"))
    store.add_image(exam.exam_id, replace(image("b"), recorded=recorded_from_text("{}")), png_of("b"))
    whole, damaged = store.exam(exam.exam_id).images
    assert whole.analysis == image("a").analysis
    with pytest.raises(StoreError, match="cannot be read"):
        _ = damaged.analysis


def test_second_open_exam_is_refused(store: ExamStore) -> None:
    first = store.start_exam("NC-1", NOW)
    with pytest.raises(StoreError, match="another one is open") as refusal:
        store.start_exam("NC-2", NOW)
    assert refusal.value.remedy
    assert store.exams() == (first,)


def test_image_whose_digest_is_wrong_is_refused(store: ExamStore) -> None:
    exam = store.start_exam("NC-1", NOW)
    with pytest.raises(StoreError, match="digest"):
        store.add_image(exam.exam_id, image("a"), b"other bytes")
    assert store.exam(exam.exam_id).images == ()


def test_image_added_twice_is_refused_and_the_first_survives(store: ExamStore) -> None:
    exam = store.start_exam("NC-1", NOW)
    store.add_image(exam.exam_id, image("a"), png_of("a"))
    with pytest.raises(StoreError, match="kept already"):
        store.add_image(exam.exam_id, image("a"), png_of("a"))
    assert store.read_png(exam.exam_id, "a") == png_of("a")


def test_undone_capture_can_be_restored_in_its_place(store: ExamStore) -> None:
    exam = store.start_exam("NC-1", NOW)
    for name in ("a", "b", "c"):
        store.add_image(exam.exam_id, image(name), png_of(name))
    store.remove_image(exam.exam_id, "b")
    assert [kept.image_id for kept in store.exam(exam.exam_id).images] == ["a", "c"]
    with pytest.raises(StoreError, match="no image b"):
        store.read_png(exam.exam_id, "b")
    store.restore_image(exam.exam_id, "b")
    assert [kept.image_id for kept in store.exam(exam.exam_id).images] == ["a", "b", "c"]
    assert store.read_png(exam.exam_id, "b") == png_of("b")


def test_image_of_another_exam_cannot_be_undone_restored_or_read(store: ExamStore) -> None:
    first = store.start_exam("NC-1", NOW)
    store.add_image(first.exam_id, image("a"), png_of("a"))
    store.discard_exam(first.exam_id, NOW)
    second = store.start_exam("NC-2", NOW)
    for forbidden in (store.remove_image, store.restore_image, store.read_png):
        with pytest.raises(StoreError, match=r"no (such )?image a"):
            forbidden(second.exam_id, "a")


def test_finishing_queues_exactly_its_message(harness: Harness) -> None:
    exam = harness.store.start_exam("NC-1", NOW)
    later = NOW + timedelta(minutes=9)
    finished = harness.store.finish_exam(exam.exam_id, later, message())
    assert (finished.state, finished.finished_at_utc) == (ExamState.FINISHED, later)
    assert harness.store.exam(exam.exam_id) == finished
    assert harness.store.open_exam() is None
    assert [(queued.seq, queued.message) for queued in harness.outbox.due(later)] == [(1, message())]


def test_discarded_exam_is_kept_and_sends_nothing(harness: Harness) -> None:
    exam = harness.store.start_exam("NC-1", NOW)
    harness.store.add_image(exam.exam_id, image("a"), png_of("a"))
    assert harness.store.discard_exam(exam.exam_id, NOW).state is ExamState.DISCARDED
    assert harness.store.read_png(exam.exam_id, "a") == png_of("a")
    assert harness.outbox.due(NOW) == ()


def test_closed_exam_refuses_every_change(store: ExamStore) -> None:
    exam = store.start_exam("NC-1", NOW)
    store.add_image(exam.exam_id, image("a"), png_of("a"))
    store.finish_exam(exam.exam_id, NOW, message("m1"))
    with pytest.raises(StoreError, match="finished"):
        store.add_image(exam.exam_id, image("b"), png_of("b"))
    with pytest.raises(StoreError, match="finished"):
        store.remove_image(exam.exam_id, "a")
    with pytest.raises(StoreError, match="finished"):
        store.finish_exam(exam.exam_id, NOW, message("m2"))
    with pytest.raises(StoreError, match="finished"):
        store.discard_exam(exam.exam_id, NOW)


def test_message_that_cannot_be_queued_leaves_the_exam_open(harness: Harness) -> None:
    first = harness.store.start_exam("NC-1", NOW)
    harness.store.finish_exam(first.exam_id, NOW, message("same"))
    second = harness.store.start_exam("NC-2", NOW)
    with pytest.raises(StoreError):
        harness.store.finish_exam(second.exam_id, NOW, message("same"))
    assert harness.store.open_exam() == second
    harness.store.finish_exam(second.exam_id, NOW, message("other"))
    assert [queued.seq for queued in harness.outbox.due(NOW)] == [1, 2]


def test_sequence_has_no_gap_after_a_refused_finish(harness: Harness) -> None:
    for number in range(3):
        exam = harness.store.start_exam("NC-1", NOW)
        harness.fill_disk()
        with pytest.raises(StoreError, match="full"):
            harness.store.finish_exam(exam.exam_id, NOW, message(f"refused {number}"))
        harness.free_disk()
        harness.store.finish_exam(exam.exam_id, NOW, message(f"m{number}"))
    assert [(queued.seq, queued.message.msg_id) for queued in harness.outbox.due(NOW)] == [
        (1, "m0"),
        (2, "m1"),
        (3, "m2"),
    ]


def test_full_disk_refuses_with_the_remedy_and_loses_nothing(harness: Harness) -> None:
    exam = harness.store.start_exam("NC-1", NOW)
    harness.store.add_image(exam.exam_id, image("a"), png_of("a"))
    before = harness.store.exam(exam.exam_id)
    harness.fill_disk()
    with pytest.raises(StoreError, match=r"is full\. Free some space"):
        harness.store.add_image(exam.exam_id, image("b"), png_of("b"))
    with pytest.raises(StoreError, match=r"is full\. Free some space"):
        harness.store.finish_exam(exam.exam_id, NOW, message())
    assert harness.store.exam(exam.exam_id) == before
    assert harness.store.read_png(exam.exam_id, "a") == png_of("a")
    harness.free_disk()
    harness.store.add_image(exam.exam_id, image("b"), png_of("b"))
    finished = harness.store.finish_exam(exam.exam_id, NOW, message())
    assert [kept.image_id for kept in finished.images] == ["a", "b"]


def test_exams_are_listed_newest_first_by_pages_without_images(store: ExamStore) -> None:
    for number in range(5):
        exam = store.start_exam(f"NC-{number}", NOW - timedelta(days=number))  # the clock runs backwards
        store.add_image(exam.exam_id, image(f"i{number}"), png_of(f"i{number}"))
        store.discard_exam(exam.exam_id, NOW)
    assert [exam.patient_pseudonym for exam in store.exams(limit=2, offset=1)] == ["NC-3", "NC-2"]
    assert all(exam.images == () for exam in store.exams())


def test_reading_what_is_not_kept_is_told_from_a_broken_store(store: ExamStore) -> None:
    exam = store.start_exam("NC-0042", NOW)
    with pytest.raises(NotKeptError):
        store.exam("nowhere")
    with pytest.raises(NotKeptError):
        store.read_png(exam.exam_id, "nowhere")


def test_unknown_exam_is_refused_everywhere(store: ExamStore) -> None:
    with pytest.raises(StoreError, match="no exam nowhere"):
        store.exam("nowhere")
    with pytest.raises(StoreError, match="no exam nowhere"):
        store.add_image("nowhere", image("a"), png_of("a"))
    with pytest.raises(StoreError, match="no exam nowhere"):
        store.finish_exam("nowhere", NOW, message())


def test_exam_keeps_its_protocol_operator_and_kinds_of_pictures(store: ExamStore) -> None:
    started = store.start_exam("NC-1", NOW, ExamStart("dana", "16"))
    assert (started.protocol, started.operator) == ("16", "dana")
    for name, kind in (("a", ImageKind.STILL), ("b", ImageKind.PANORAMA), ("c", ImageKind.CLIP)):
        store.add_image(started.exam_id, replace(image(name), kind=kind), png_of(name))
    kept = store.exam(started.exam_id)
    assert [found.kind for found in kept.images] == [ImageKind.STILL, ImageKind.PANORAMA, ImageKind.CLIP]
    assert replace(kept, images=()) == started
    assert store.exams() == (started,)


def test_pseudonyms_that_differ_only_in_case_are_one_patient(store: ExamStore) -> None:
    first = store.start_exam("NC-0042", NOW)
    store.discard_exam(first.exam_id, NOW)
    assert store.start_exam("nc-0042", NOW).patient_pseudonym == "NC-0042"


RING_C = Placement(Hand.LEFT, Finger.RING, Sector.C)
RING_D = Placement(Hand.LEFT, Finger.RING, Sector.D)


def test_skipped_placements_are_kept_replaced_and_taken_back(store: ExamStore) -> None:
    exam = store.start_exam("NC-1", NOW)
    store.skip_placement(exam.exam_id, SkippedPlacement(RING_C, "bandage"))
    store.skip_placement(exam.exam_id, SkippedPlacement(RING_D, "too cold"))
    store.skip_placement(exam.exam_id, SkippedPlacement(RING_C, "injured finger"))
    both = (SkippedPlacement(RING_C, "injured finger"), SkippedPlacement(RING_D, "too cold"))
    assert store.exam(exam.exam_id).skipped == both
    store.unskip_placement(exam.exam_id, RING_C)
    assert store.exam(exam.exam_id).skipped == both[1:]
    with pytest.raises(NotKeptError, match="nothing was skipped"):
        store.unskip_placement(exam.exam_id, RING_C)
    store.finish_exam(exam.exam_id, NOW, message())
    with pytest.raises(StoreError, match="finished"):
        store.skip_placement(exam.exam_id, SkippedPlacement(RING_C, "bandage"))
    with pytest.raises(StoreError, match="finished"):
        store.unskip_placement(exam.exam_id, RING_D)


def test_exams_are_filed_all_or_none_and_taken_out_again(harness: Harness) -> None:
    folder = harness.folders.add_folder("Raynaud 2026")
    exam_ids = []
    for number in range(2):
        exam_ids.append(harness.store.start_exam(f"NC-{number}", NOW).exam_id)
        harness.store.discard_exam(exam_ids[-1], NOW)
    harness.store.file_exams(dict.fromkeys(exam_ids, folder.folder_id))
    assert {exam.folder_id for exam in harness.store.exams()} == {folder.folder_id}
    for bad in ({exam_ids[0]: None, "nowhere": None}, {exam_ids[0]: None, exam_ids[1]: "nowhere"}):
        with pytest.raises(NotKeptError, match="nowhere"):
            harness.store.file_exams(bad)
        assert harness.store.exam(exam_ids[0]).folder_id == folder.folder_id
    harness.store.file_exams({exam_ids[0]: None})
    assert [harness.store.exam(exam_id).folder_id for exam_id in exam_ids] == [None, folder.folder_id]


def test_exams_are_archived_all_or_none_and_an_open_one_never(store: ExamStore) -> None:
    closed = store.start_exam("NC-1", NOW).exam_id
    store.discard_exam(closed, NOW)
    still_open = store.start_exam("NC-2", NOW).exam_id
    with pytest.raises(ExamError, match="it is open"):
        store.archive_exams([closed, still_open], True)
    with pytest.raises(NotKeptError, match="nowhere"):
        store.archive_exams([closed, "nowhere"], True)
    assert not store.exam(closed).is_archived
    store.archive_exams([closed], True)
    assert store.exam(closed).is_archived
    store.archive_exams([closed], False)
    assert not store.exam(closed).is_archived


def test_finished_exam_is_opened_again_and_finished_anew(harness: Harness) -> None:
    exam = harness.store.start_exam("NC-1", NOW)
    harness.store.add_image(exam.exam_id, image("a"), png_of("a"))
    with pytest.raises(StoreError, match="another one is open"):
        harness.store.reopen_exam(exam.exam_id)
    harness.store.finish_exam(exam.exam_id, NOW, message())
    reopened = harness.store.reopen_exam(exam.exam_id)
    assert (reopened.state, reopened.finished_at_utc, len(reopened.images)) == (ExamState.OPEN, None, 1)
    assert harness.store.open_exam() == reopened
    harness.store.discard_exam(exam.exam_id, NOW)
    with pytest.raises(StoreError, match="not finished"):
        harness.store.reopen_exam(exam.exam_id)
