"""What every store of patients, folders and collections, and every search over exams, promises."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import ErasedError, ExamError, NotKeptError, StoreError
from appliance.domain.exam import CapturedImage, ExamState, Finger, Hand, ImageKind, Sector
from appliance.domain.exam_search import ExamQuery
from appliance.domain.folder import DEEPEST, FolderTree
from appliance.domain.patient import PatientIdentity, Sex
from appliance.exam.review_service import ReviewService
from appliance.ports import CollectionStore, ExamFinder, ExamStore, FolderStore, Journal, OutboxMessage, PatientStore
from appliance.storage.box_keys import open_keys
from appliance.storage.collection_store import SqliteCollectionStore
from appliance.storage.database import Database
from appliance.storage.exam_finder import SqliteExamFinder
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.folder_store import SqliteFolderStore
from appliance.storage.image_files import ImageFiles
from appliance.storage.journal import SqliteJournal
from appliance.storage.memory_collections import MemoryCollectionStore
from appliance.storage.memory_finder import MemoryExamFinder
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.patient_store import SqlitePatientStore
from tests.support.exam_parts import recorded_result

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
GARCIA = PatientIdentity("María García Núñez", date(1968, 3, 9), Sex.FEMALE, "H-77120", "Raynaud since 2019")
PNG = b"picture"


def now() -> datetime:
    return NOON


@dataclass
class Harness:
    """The stores of one box; `lose_key` is what happens when its key file is deleted and it starts again."""

    store: ExamStore
    patients: PatientStore
    folders: FolderStore
    collections: CollectionStore
    finder: ExamFinder
    journal: Journal
    lose_key: Callable[[], PatientStore]

    def exam(
        self, pseudonym: str, *fingers: Finger, started: datetime = NOON, state: ExamState = ExamState.FINISHED
    ) -> str:
        """The id of an exam with a picture of each finger of the left hand."""
        exam_id = self.store.start_exam(pseudonym, started).exam_id
        for number, finger in enumerate(fingers):
            name = f"{exam_id}-{number}"
            digest = hashlib.sha256(PNG).hexdigest()
            image = CapturedImage(name, Hand.LEFT, finger, Sector.B, started, f"{name}.png", digest, recorded_result())
            self.store.add_image(exam_id, image, PNG)
        if state is ExamState.FINISHED:
            self.store.finish_exam(exam_id, started, OutboxMessage(exam_id, "nailfold.exam/1", b"{}", "0" * 64))
        elif state is ExamState.DISCARDED:
            self.store.discard_exam(exam_id, started)
        return exam_id

    def found(self, query: ExamQuery) -> list[str]:
        page = self.finder.search(query)
        assert page.total == len(page.exams)
        return [entry.exam.exam_id for entry in page.exams]


def memory_harness() -> Harness:
    store, journal = MemoryExamStore(), MemoryJournal(now)

    def lose_key() -> PatientStore:
        store.patients.lose_key()
        return store.patients

    collections, finder = MemoryCollectionStore(store), MemoryExamFinder(store, journal)
    return Harness(store, store.patients, store.folders, collections, finder, journal, lose_key)


def sqlite_harness(folder: Path, database: Database) -> Harness:
    key = folder / "identity.key"

    def lose_key() -> PatientStore:
        key.unlink()
        return SqlitePatientStore(database, open_keys(database, key))

    patients = SqlitePatientStore(database, open_keys(database, key))
    return Harness(
        store=SqliteExamStore(database, ImageFiles(folder / "images", 0)),
        patients=patients,
        folders=SqliteFolderStore(database),
        collections=SqliteCollectionStore(database),
        finder=SqliteExamFinder(database, patients.matching),
        journal=SqliteJournal(database, now),
        lose_key=lose_key,
    )


@pytest.fixture(params=["sqlite", "memory"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    if request.param == "memory":
        yield memory_harness()
        return
    database = Database(tmp_path / "exams.sqlite3")
    yield sqlite_harness(tmp_path, database)
    database.close()


def test_patient_comes_back_with_the_whole_identity(box: Harness) -> None:
    added = box.patients.add_patient("NC-1", NOON, GARCIA)
    assert added.identity == GARCIA
    assert box.patients.patient(added.patient_id) == added
    assert box.patients.patient_of("nc-1") == added
    assert box.patients.patient_of("NC-2") is None
    with pytest.raises(NotKeptError):
        box.patients.patient("nowhere")


def test_identity_can_be_changed_and_deleted(box: Harness) -> None:
    patient_id = box.patients.add_patient("NC-1", NOON).patient_id
    assert box.patients.patient(patient_id).identity is None
    assert box.patients.set_identity(patient_id, GARCIA).identity == GARCIA
    changed = replace(GARCIA, name="María García")
    assert box.patients.set_identity(patient_id, changed).identity == changed
    for nothing in (PatientIdentity(), None):
        assert box.patients.set_identity(patient_id, nothing).identity is None
        assert not box.patients.patient(patient_id).is_sealed
    with pytest.raises(NotKeptError):
        box.patients.set_identity("nowhere", GARCIA)


def test_second_patient_with_a_pseudonym_is_refused_whatever_its_case(box: Harness) -> None:
    box.patients.add_patient("NC-0042", NOON)
    with pytest.raises(ExamError, match="already"):
        box.patients.add_patient("nc-0042", NOON)
    assert box.patients.patients().total == 1


def test_patients_who_look_alike_are_found_but_not_where_somebody_has_that_very_pseudonym(box: Harness) -> None:
    patient_id = box.patients.add_patient("NC-0O1", NOON, GARCIA).patient_id
    box.exam("NC-0O1", Finger.RING)
    (alike,) = box.patients.looking_like("nc-001")
    assert (alike.patient.pseudonym, alike.patient.identity, alike.exams) == ("NC-0O1", GARCIA, 1)
    assert box.patients.looking_like("nc-0o1") == ()
    assert box.patients.looking_like("NC-002") == ()
    box.patients.add_patient("NC-001", NOON)
    assert box.patients.looking_like("NC-001") == ()
    assert {one.patient.pseudonym for one in box.patients.looking_like("NC-OO1")} == {"NC-0O1", "NC-001"}
    box.patients.erase(patient_id, NOON)
    assert [one.patient.pseudonym for one in box.patients.looking_like("NC-OO1")] == ["NC-001"]


def test_exam_makes_its_patient_or_takes_the_known_one(box: Harness) -> None:
    box.patients.add_patient("NC-1", NOON, GARCIA)
    box.exam("nc-1", Finger.RING)
    box.exam("NC-2", Finger.RING, started=NOON + timedelta(days=1))
    page = box.patients.patients()
    assert [(entry.patient.pseudonym, entry.exams) for entry in page.patients] == [("NC-2", 1), ("NC-1", 1)]
    assert page.patients[1].last_exam_at_utc == NOON
    assert page.patients[1].patient.identity == GARCIA


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("garcia", True),
        ("GARCÍA maría", True),
        ("nunez 77120", True),
        ("nc-1", True),
        ("1968-03-09", True),
        ("9.03.1968", True),
        ("  ", True),
        ("garcia lopez", False),
        ("raynaud", False),
        ("%", False),
    ],
)
def test_patients_are_found_by_every_word_of_pseudonym_and_identity(box: Harness, text: str, is_found: bool) -> None:
    box.patients.patients("index what is there before")
    patient = box.patients.add_patient("NC-1", NOON, GARCIA)
    exam_id = box.exam("NC-1", Finger.RING)
    page = box.patients.patients(text)
    assert [entry.patient for entry in page.patients] == ([patient] if is_found else [])
    assert box.found(ExamQuery(text=text)) == ([exam_id] if is_found else [])


def test_changed_identity_is_found_by_its_new_words_alone(box: Harness) -> None:
    patient_id = box.patients.add_patient("NC-1", NOON, GARCIA).patient_id
    assert box.patients.patients("garcia").total == 1
    box.patients.set_identity(patient_id, PatientIdentity("Ana López"))
    assert (box.patients.patients("garcia").total, box.patients.patients("lopez").total) == (0, 1)


def test_archived_and_discarded_exams_do_not_count_for_their_patient(box: Harness) -> None:
    box.exam("NC-1", Finger.RING)
    archived = box.exam("NC-1", Finger.RING)
    box.exam("NC-1", Finger.RING, state=ExamState.DISCARDED)
    box.store.archive_exams([archived], True)
    assert box.patients.patients().patients[0].exams == 1


def test_patients_come_by_pages(box: Harness) -> None:
    for number in range(5):
        box.patients.add_patient(f"NC-{number}", NOON)
    page = box.patients.patients(limit=2, offset=1)
    assert ([entry.patient.pseudonym for entry in page.patients], page.total) == (["NC-3", "NC-2"], 5)


def test_without_the_key_identities_stay_closed_and_exams_go_on(box: Harness) -> None:
    patient_id = box.patients.add_patient("NC-1", NOON, GARCIA).patient_id
    assert box.patients.problem == ""
    patients = box.lose_key()
    assert "key" in patients.problem
    closed = patients.patient(patient_id)
    assert (closed.identity, closed.is_sealed) == (None, True)
    with pytest.raises(StoreError, match="key"):
        patients.set_identity(patient_id, PatientIdentity("Ana López"))
    with pytest.raises(StoreError, match="key"):
        patients.add_patient("NC-2", NOON, GARCIA)
    assert patients.patients("garcia").total == 0
    assert box.exam("NC-2", Finger.RING)
    assert patients.patients("nc").total == 2


def test_folders_can_be_renamed_moved_archived_and_all_of_it_undone(box: Harness) -> None:
    project = box.folders.add_folder("Raynaud 2026", note="prospective")
    inner = box.folders.add_folder("Controls", project.folder_id)
    other = box.folders.add_folder("SSc")
    for changed in (
        replace(inner, name="Healthy"),
        replace(inner, parent_id=other.folder_id),
        replace(inner, parent_id=None),
        replace(inner, is_archived=True),
        replace(project, note="closed"),
    ):
        before = box.folders.change_folder(changed)
        assert changed in box.folders.folders()
        box.folders.change_folder(before)
        assert box.folders.folders() == (project, inner, other)
    assert (project.is_project, inner.is_project) == (True, False)


def test_folder_names_are_taken_only_among_their_own(box: Harness) -> None:
    project = box.folders.add_folder("Raynaud")
    inner = box.folders.add_folder("raynaud", project.folder_id)
    with pytest.raises(ExamError, match="already"):
        box.folders.add_folder("RAYNAUD")
    with pytest.raises(ExamError, match="already"):
        box.folders.change_folder(replace(inner, parent_id=None))
    for bad in ("", "   ", "x" * 81, "a\nb"):
        with pytest.raises(ExamError, match="name"):
            box.folders.add_folder(bad)
    assert box.folders.folders() == (project, inner)


def test_folder_within_itself_or_nowhere_or_too_deep_is_refused(box: Harness) -> None:
    above = box.folders.add_folder("1")
    chain = [above]
    for number in range(2, DEEPEST + 1):
        chain.append(box.folders.add_folder(str(number), chain[-1].folder_id))
    with pytest.raises(ExamError, match="within itself"):
        box.folders.change_folder(replace(above, parent_id=chain[3].folder_id))
    with pytest.raises(ExamError, match="within itself"):
        box.folders.change_folder(replace(above, parent_id=above.folder_id))
    with pytest.raises(ExamError, match="deep"):
        box.folders.add_folder("too deep", chain[-1].folder_id)
    pair = box.folders.add_folder("pair")
    box.folders.add_folder("inner", pair.folder_id)
    with pytest.raises(ExamError, match="deep"):
        box.folders.change_folder(replace(pair, parent_id=chain[-2].folder_id))
    with pytest.raises(NotKeptError):
        box.folders.add_folder("lost", "nowhere")
    with pytest.raises(NotKeptError):
        box.folders.change_folder(replace(above, folder_id="nowhere"))
    assert FolderTree(box.folders.folders()).below(above.folder_id) == tuple(folder.folder_id for folder in chain)


def test_exams_are_found_in_their_folder_and_below_and_counted_where_they_are(box: Harness) -> None:
    project = box.folders.add_folder("Raynaud").folder_id
    inner = box.folders.add_folder("Controls", project).folder_id
    unfiled, in_project, in_inner = (box.exam(f"NC-{number}", Finger.RING) for number in range(3))
    box.store.file_exams({in_project: project, in_inner: inner})
    assert box.found(ExamQuery(folder_id=project)) == [in_inner, in_project]
    assert box.found(ExamQuery(folder_id=inner)) == [in_inner]
    assert box.found(ExamQuery(is_filed=False)) == [unfiled]
    assert dict(box.folders.exam_counts()) == {None: 1, project: 1, inner: 1}
    with pytest.raises(NotKeptError):
        box.finder.search(ExamQuery(folder_id="nowhere"))


def test_exams_are_found_by_finger_hand_date_state_and_archive(box: Harness) -> None:
    ring = box.exam("NC-1", Finger.RING, started=NOON - timedelta(days=2))
    both = box.exam("NC-2", Finger.RING, Finger.INDEX)
    gone = box.exam("NC-3", state=ExamState.DISCARDED)
    archived = box.exam("NC-4", Finger.RING)
    box.store.archive_exams([archived], True)
    assert box.found(ExamQuery()) == [gone, both, ring]
    assert box.found(ExamQuery(finger=Finger.RING)) == [both, ring]
    assert box.found(ExamQuery(finger=Finger.INDEX, hand=Hand.LEFT)) == [both]
    assert box.found(ExamQuery(finger=Finger.INDEX, hand=Hand.RIGHT)) == []
    assert box.found(ExamQuery(from_utc=NOON)) == [gone, both]
    assert box.found(ExamQuery(before_utc=NOON)) == [ring]
    assert box.found(ExamQuery(state=ExamState.DISCARDED)) == [gone]
    assert box.found(ExamQuery(state=ExamState.DISCARDED, hides_discarded=True)) == [gone]
    assert gone in box.found(ExamQuery())
    assert gone not in box.found(ExamQuery(hides_discarded=True))
    assert box.found(ExamQuery(is_archived=True)) == [archived]
    assert box.found(ExamQuery(is_archived=None, pseudonym="NC-4")) == [archived]


def test_panoramas_and_clips_are_not_counted_as_images(box: Harness) -> None:
    exam_id = box.exam("NC-1", Finger.RING, state=ExamState.OPEN)
    kept = box.store.exam(exam_id).images[0]
    for name, kind, sector in (("wide", ImageKind.PANORAMA, Sector.PANORAMIC), ("clip", ImageKind.CLIP, Sector.B)):
        image = replace(kept, image_id=f"{exam_id}-{name}", file_name=f"{name}.png", kind=kind, sector=sector)
        box.store.add_image(exam_id, image, PNG)
    exam = box.store.exam(exam_id)
    assert (len(exam.images), len(exam.single_images)) == (3, 1)
    assert box.finder.search(ExamQuery()).exams[0].image_count == 1


def test_undone_picture_does_not_count(box: Harness) -> None:
    exam_id = box.exam("NC-1", Finger.RING, Finger.INDEX, state=ExamState.OPEN)
    box.store.remove_image(exam_id, f"{exam_id}-1")
    assert box.found(ExamQuery(finger=Finger.INDEX)) == []
    assert box.finder.search(ExamQuery()).exams[0].image_count == 1


def test_validated_exams_are_those_whose_validation_still_stands(box: Harness) -> None:
    exam_id = box.exam("NC-1")
    service = ReviewService(box.store, box.journal)
    assert box.found(ExamQuery(is_validated=False)) == [exam_id]
    service.validate(exam_id, "carla", service.log(exam_id).revision, accepts_unseen=True)
    assert box.found(ExamQuery(is_validated=True)) == [exam_id]
    assert box.finder.search(ExamQuery()).exams[0].is_validated
    service.conclude(exam_id, "Normal.", "carla", service.log(exam_id).revision)
    assert box.found(ExamQuery(is_validated=True)) == []


def test_search_comes_by_pages_with_the_whole_number_and_without_pictures(box: Harness) -> None:
    exam_ids = [box.exam(f"NC-{number}", Finger.RING) for number in range(4)]
    page = box.finder.search(ExamQuery(), limit=2, offset=1)
    assert ([entry.exam.exam_id for entry in page.exams], page.total) == ([exam_ids[2], exam_ids[1]], 4)
    assert [entry.image_count for entry in page.exams] == [1, 1]
    patient = box.patients.patient_of("NC-2")
    assert patient is not None
    assert page.exams[0].patient_id == patient.patient_id
    assert page.exams[0].exam == replace(box.store.exam(exam_ids[2]), images=())


def test_collection_gathers_pictures_of_several_exams_each_once(box: Harness) -> None:
    first, second = box.exam("NC-1", Finger.RING, Finger.INDEX), box.exam("NC-2", Finger.RING)
    giants = box.collections.add_collection("Giants", NOON, "for the atlas")
    wanted = [f"{second}-0", f"{first}-1"]
    assert box.collections.add_images(giants.collection_id, wanted) == tuple(wanted)
    assert box.collections.add_images(giants.collection_id, [f"{first}-1", f"{first}-0"]) == (f"{first}-0",)
    found = box.collections.images(giants.collection_id)
    assert [(image.exam_id, image.image_id, image.patient_pseudonym) for image in found] == [
        (second, f"{second}-0", "NC-2"),
        (first, f"{first}-1", "NC-1"),
        (first, f"{first}-0", "NC-1"),
    ]
    assert found[1].placement.finger is Finger.INDEX
    assert box.collections.images(giants.collection_id, limit=1, offset=1) == found[1:2]
    assert box.collections.collection(giants.collection_id) == replace(giants, image_count=3)
    assert box.collections.remove_images(giants.collection_id, [f"{first}-1", "nowhere"]) == (f"{first}-1",)
    assert len(box.collections.images(giants.collection_id)) == 2


def test_collection_takes_all_pictures_or_none(box: Harness) -> None:
    exam_id = box.exam("NC-1", Finger.RING)
    collection_id = box.collections.add_collection("Giants", NOON).collection_id
    with pytest.raises(NotKeptError, match="nowhere"):
        box.collections.add_images(collection_id, [f"{exam_id}-0", "nowhere"])
    assert box.collections.images(collection_id) == ()
    for forbidden in (box.collections.add_images, box.collections.remove_images):
        with pytest.raises(NotKeptError):
            forbidden("nowhere", [f"{exam_id}-0"])
    with pytest.raises(NotKeptError):
        box.collections.images("nowhere")


def test_collections_are_renamed_and_archived_and_it_is_undone(box: Harness) -> None:
    giants = box.collections.add_collection("Giants", NOON)
    normal = box.collections.add_collection("Normal", NOON)
    with pytest.raises(ExamError, match="already"):
        box.collections.add_collection("giants", NOON)
    with pytest.raises(ExamError, match="already"):
        box.collections.change_collection(replace(normal, name="Giants"))
    assert box.collections.change_collection(replace(giants, is_archived=True)) == giants
    assert box.collections.collections() == (normal,)
    assert box.collections.collections(is_archived=True) == (replace(giants, is_archived=True),)
    box.collections.change_collection(giants)
    assert box.collections.collections(is_archived=None) == (normal, giants)
    with pytest.raises(NotKeptError):
        box.collections.change_collection(replace(giants, collection_id="nowhere", name="Other"))


def test_erased_patient_leaves_figures_under_a_pseudonym_that_tells_nothing(box: Harness) -> None:
    patient_id = box.patients.add_patient("NC-1", NOON, GARCIA).patient_id
    exam_id, other = box.exam("NC-1", Finger.RING), box.exam("NC-2", Finger.RING)
    collection = box.collections.add_collection("Giants", NOON).collection_id
    box.collections.add_images(collection, [f"{exam_id}-0", f"{other}-0"])
    assert box.store.erase_exams_of("NC-3") == ()
    assert box.store.erase_exams_of("NC-1") == (exam_id,)
    with pytest.raises(StoreError, match="not erased"):
        box.patients.shred(patient_id)
    erased = box.patients.erase(patient_id, NOON)
    assert box.patients.shred(patient_id) == () == box.patients.shred(patient_id)
    assert (erased.identity, erased.is_sealed, erased.erased_at_utc) == (None, False, NOON)
    assert erased == box.patients.patient(patient_id) == box.patients.patient_of(erased.pseudonym)
    assert box.patients.patient_of("NC-1") is None
    assert [entry.patient.pseudonym for entry in box.patients.patients().patients] == ["NC-2"]
    assert box.patients.patients("garcia").total == 0
    assert box.found(ExamQuery(is_archived=True)) == [exam_id]
    exam = box.store.exam(exam_id)
    assert (exam.patient_pseudonym, len(exam.images)) == (erased.pseudonym, 1)
    for refused in (
        lambda: box.store.read_png(exam_id, f"{exam_id}-0"),
        lambda: box.store.require_pictures(exam_id),
        lambda: box.patients.set_identity(patient_id, GARCIA),
        lambda: box.patients.erase(patient_id, NOON),
    ):
        with pytest.raises(ErasedError):
            refused()
    assert [one.image_id for one in box.collections.images(collection)] == [f"{other}-0"]
    box.store.require_pictures(other)
    assert box.exam("NC-1", Finger.RING) != exam_id
    assert box.patients.patient_of("NC-1") is not None


def test_patient_with_an_open_exam_is_not_erased(box: Harness) -> None:
    box.exam("NC-1", Finger.RING)
    open_id = box.exam("NC-1", Finger.RING, state=ExamState.OPEN)
    with pytest.raises(ExamError, match="is open"):
        box.store.erase_exams_of("NC-1")
    assert [exam.is_archived for exam in box.store.exams()] == [False, False]
    assert box.store.read_png(open_id, f"{open_id}-0") == PNG


def test_index_made_at_the_start_finds_who_is_there_and_who_comes_later(tmp_path: Path) -> None:
    database = Database(tmp_path / "exams.sqlite3")
    box = sqlite_harness(tmp_path, database)
    box.patients.add_patient("NC-1", NOON, GARCIA)
    started_again = SqlitePatientStore(database, open_keys(database, tmp_path / "identity.key"))
    started_again.warm_up()
    started_again.add_patient("NC-2", NOON, PatientIdentity("Ana García"))
    assert started_again.matching("garcia") == ["NC-1", "NC-2"]
    database.close()


def test_warming_up_without_a_database_is_left_to_the_first_search(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(tmp_path / "exams.sqlite3")
    patients = SqlitePatientStore(database, open_keys(database, tmp_path / "identity.key"))
    database.close()
    patients.warm_up()
    assert "first search" in caplog.text
    with pytest.raises(StoreError):
        patients.matching("garcia")
