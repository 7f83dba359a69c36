"""A patient who was erased is nowhere on the box, nor in an older backup that is put back."""

import hashlib
import json
import logging
import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.apps.cli import main
from appliance.domain.account import Role
from appliance.domain.errors import ErasedError, ExamError, StoreError
from appliance.domain.exam import CapturedImage, Finger, Hand, Placement, Sector, SkippedPlacement
from appliance.domain.journal import check_chain
from appliance.domain.patient import PatientIdentity
from appliance.domain.review_edits import Exclude, SetComment
from appliance.exam.organisation import OrganisationService
from appliance.exam.report_facts import ReportFacts
from appliance.exam.review_service import ReviewService
from appliance.ports import OutboxMessage
from appliance.storage.image_files import ImageFiles
from appliance.storage.open_storage import Storage, open_beside, open_storage
from appliance.storage.restore import restore
from appliance.storage.settings import StorageSettings
from tests.support.exam_parts import recorded_result
from tests.support.kept_exam import PICTURE as STRAY
from tests.support.kept_exam import keep_exam

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)
ANA = PatientIdentity("Anabel Zubiri", date(1968, 3, 9), None, "H-77120", "lives in Quintanilla")
PICTURE = b"\x89PNG the picture of Anabel's ring finger " * 40
SECRETS = ("Anabel", "Zubiri", "1968-03-09", "77120", "Quintanilla", "ring finger", "Berta", "iloprost", "cortisone")


def now() -> datetime:
    return NOON


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return StorageSettings(tmp_path / "box" / "exams", reserve_mb=0)


def service(storage: Storage) -> OrganisationService:
    return OrganisationService(
        storage.exams, storage.patients, storage.folders, storage.collections, storage.journal, now
    )


def examine(storage: Storage, pseudonym: str = "NC-7") -> str:
    """The id of a reviewed exam, with everything that can be typed about its patient."""
    exam_id = storage.exams.start_exam(pseudonym, NOON).exam_id
    digest = hashlib.sha256(PICTURE).hexdigest()
    image_id = f"{exam_id}-1"
    where = (Hand.LEFT, Finger.RING, Sector.B)
    image = CapturedImage(image_id, *where, NOON, f"{image_id}.png", digest, recorded_result())
    storage.exams.add_image(exam_id, image, PICTURE)
    place = Placement(Hand.RIGHT, Finger.RING, Sector.B)
    with storage.journal.transaction("skip"):
        storage.exams.skip_placement(exam_id, SkippedPlacement(place, "Berta's bandage"))
        storage.journal.append("ana", f"exam:{exam_id}", "exam.skipped", {"reason": "Berta's bandage"})
    storage.exams.finish_exam(exam_id, NOON, OutboxMessage(exam_id, "nailfold.exam/1", b"{}", "0" * 64))
    reviews = ReviewService(storage.exams, storage.journal)
    reviews.edit(exam_id, image_id, SetComment("Anabel moved"), "ana", 0)
    reviews.edit(exam_id, image_id, Exclude("Berta's finger"), "ana", reviews.log(exam_id).revision)
    reviews.undo(exam_id, image_id, "ana", reviews.log(exam_id).revision)
    reviews.redo(exam_id, image_id, "ana", reviews.log(exam_id).revision)
    for words in ("Mrs Zubiri is well", "Mrs Zubiri takes iloprost"):
        reviews.conclude(exam_id, words, "ana", reviews.log(exam_id).revision)
    reviews.validate(exam_id, "ana", reviews.log(exam_id).revision, accepts_unseen=True)
    reviews.invalidate(exam_id, "it was Berta", "ana", reviews.log(exam_id).revision)
    ReportFacts(storage.journal).state(exam_id, {"medication": "cortisone"}, "ana", Role.PHYSICIAN)
    return exam_id


def readable(folder: Path) -> set[str]:
    """Which secrets lie somewhere below a folder as they are."""
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return {secret for secret in SECRETS if secret.encode() in content}


def test_nothing_typed_or_seen_of_a_patient_lies_on_the_disk_as_it_is(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        storage.patients.add_patient("NC-7", NOON, ANA)
        exam_id = examine(storage)
        storage.backups.make(NOON)
        assert storage.exams.read_png(exam_id, f"{exam_id}-1") == PICTURE
        assert ReportFacts(storage.journal).of(exam_id) == {"medication": "cortisone"}
        reviewed = ReviewService(storage.exams, storage.journal).reviewed(exam_id)
        assert reviewed.conclusion == "Mrs Zubiri takes iloprost"
        assert (reviewed.images[0].comment, reviewed.images[0].not_evaluable_because) == (
            "Anabel moved",
            "Berta's finger",
        )
        assert [one.reason for one in reviewed.exam.skipped] == ["Berta's bandage"]
        assert storage.journal.verify().is_intact
    assert readable(settings.folder.parent) == set()


def test_what_the_fleet_is_told_of_the_journal_keeps_its_seals_and_holds_no_text(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        examine(storage)
        told = storage.journal.sealed_entries(1000, 1000)
        assert check_chain(told, None).is_intact
        assert not any(secret in json.dumps(entry.detail) for entry in told for secret in SECRETS)


def test_after_erasure_neither_the_folder_nor_an_old_backup_gives_name_picture_or_text(
    settings: StorageSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with open_storage(settings, now) as storage:
        patient_id = storage.patients.add_patient("NC-7", NOON, ANA).patient_id
        other_id = storage.patients.add_patient("NC-8", NOON, PatientIdentity("Carla Otamendi")).patient_id
        exam_id, other = examine(storage), examine(storage, "NC-8")
        stolen = {path: path.read_bytes() for path in (settings.folder / "images" / exam_id).glob("*")}
        old = storage.backups.make(NOON)
        figures = storage.exams.exam(exam_id).images[0].analysis
        assert service(storage).erase_patient("maria", patient_id, "NC-7") == 1
        assert_erased(storage, patient_id, exam_id)
        assert storage.exams.exam(exam_id).images[0].analysis == figures
        assert storage.exams.read_png(other, f"{other}-1") == PICTURE
        assert storage.patients.patient(other_id).identity == PatientIdentity("Carla Otamendi")
        assert [entry.action for entry in storage.journal.entries(f"patient:{patient_id}")] == ["patient.erased"]
    later = NOON + timedelta(hours=1)
    restore(settings, old.path, later)
    for path, content in stolen.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with caplog.at_level(logging.ERROR), open_storage(settings, lambda: later) as storage:
        assert_erased(storage, patient_id, exam_id)
        assert storage.journal.entries(f"patient:{patient_id}")[-1].action == "patient.erased_again"
        assert storage.patients.patient(other_id).identity == PatientIdentity("Carla Otamendi")
    assert readable(settings.folder.parent) == set()


def assert_erased(storage: Storage, patient_id: str, exam_id: str) -> None:
    patient = storage.patients.patient(patient_id)
    assert (patient.identity, patient.is_sealed, patient.pseudonym) == (None, False, f"erased-{patient_id[-12:]}")
    assert patient.erased_at_utc is not None
    assert storage.patients.matching("zubiri") == [] == storage.patients.matching("NC-7")
    exam = storage.exams.exam(exam_id)
    assert (exam.patient_pseudonym, exam.is_archived) == (patient.pseudonym, True)
    with pytest.raises(ErasedError, match="erased with its patient"):
        storage.exams.read_png(exam_id, f"{exam_id}-1")
    with pytest.raises(ErasedError):
        storage.images.write(exam_id, "new.png", PICTURE, patient_id)
    shown = json.dumps([entry.detail for entry in storage.journal.entries()])
    about_others = {"Anabel", "Berta", "Zubiri", "iloprost", "cortisone"} if "NC-8" in _names(storage) else set()
    mine = json.dumps([entry.detail for entry in storage.journal.entries(f"review:{exam_id}")])
    assert not any(secret in mine for secret in SECRETS)
    assert "[erased]" in mine
    assert {secret for secret in SECRETS if secret in shown} <= about_others


def _names(storage: Storage) -> set[str]:
    return {entry.patient.pseudonym for entry in storage.patients.patients().patients}


def test_a_wrong_confirmation_and_an_open_exam_keep_the_patient(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        patient_id = storage.patients.add_patient("NC-7", NOON, ANA).patient_id
        with pytest.raises(ExamError, match="not the patient's"):
            service(storage).erase_patient("maria", patient_id, "NC-8")
        storage.exams.start_exam("NC-7", NOON)
        with pytest.raises(ExamError, match="is open"):
            service(storage).erase_patient("maria", patient_id, "NC-7")
        with pytest.raises(StoreError, match="not erased"):
            storage.patients.shred(patient_id)
        assert storage.patients.patient(patient_id).identity == ANA
        assert storage.journal.entries() == ()


def test_a_crash_after_the_entry_leaves_the_key_to_the_next_start(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        patient_id = storage.patients.add_patient("NC-7", NOON, ANA).patient_id
        storage.exams.erase_exams_of("NC-7")
        storage.patients.erase(patient_id, NOON)
        assert storage.keys.erased() == {}
    with open_storage(settings, now) as storage:
        assert storage.keys.erased() == {patient_id: NOON}
        with pytest.raises(ErasedError):
            storage.patients.set_identity(patient_id, ANA)


def before_keys(storage: Storage, settings: StorageSettings) -> tuple[str, str]:
    """Patient and exam as software before patients' keys kept them."""
    patient_id = storage.patients.add_patient("NC-7", NOON, ANA).patient_id
    exam_id = examine(storage)
    box = AESGCM(bytes.fromhex(settings.folder.with_name("identity.key").read_text().strip()))
    nonce = os.urandom(12)
    fields = {"name": ANA.name, "birth_date": None, "sex": None, "clinic_number": "", "note": ""}
    sealed = nonce + box.encrypt(nonce, json.dumps(fields).encode(), f"nailfold.identity/1:{patient_id}".encode())
    with storage.database.transaction("age") as connection:
        connection.execute("UPDATE patients SET sealed_identity = ?", (b"\x01" + sealed,))
    ImageFiles(settings.folder / "images", 0).write(exam_id, f"{exam_id}-1.png", PICTURE)
    return patient_id, exam_id


def test_what_was_kept_before_is_sealed_once_and_reads_as_before(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        patient_id, exam_id = before_keys(storage, settings)
        assert storage.exams.read_png(exam_id, f"{exam_id}-1") == PICTURE
        assert storage.patients.patient(patient_id).identity == PatientIdentity(ANA.name)
        assert (storage.older_seals.run(), storage.older_seals.run()) == ((1, 1), (0, 0))
        assert storage.exams.read_png(exam_id, f"{exam_id}-1") == PICTURE
        assert storage.patients.patient(patient_id).identity == PatientIdentity(ANA.name)
    assert readable(settings.folder / "images") == set()


def test_pictures_that_a_restore_left_behind_are_opened_for_another_import(
    settings: StorageSettings, tmp_path: Path
) -> None:
    with open_storage(settings, now) as storage:
        keep_exam(storage, "NC-1")
        before = storage.backups.make(NOON)
        newer, erased = keep_exam(storage, "NC-7"), keep_exam(storage, "NC-8")
        patient = storage.patients.patient_of("NC-8")
        assert patient is not None
        sealed = (settings.folder / "images" / erased / f"{erased}-1.png").read_bytes()
        service(storage).erase_patient("maria", patient.patient_id, "NC-8")
    restore(settings, before.path, NOON)
    (settings.folder / "images" / erased).mkdir()
    (settings.folder / "images" / erased / f"{erased}-1.png").write_bytes(sealed)
    done = CliRunner().invoke(main, ["data", "strays", "--data-dir", str(tmp_path / "box"), str(tmp_path / "out")])
    assert (done.exit_code, "the patient was erased" in done.output) == (1, True)
    assert "1 picture is in" in done.output
    assert [path.read_bytes() for path in (tmp_path / "out").rglob("*.png")] == [STRAY]
    assert (tmp_path / "out" / newer / f"{newer}-1.png").exists()


def test_copies_from_before_keys_go_with_the_patient_and_others_stay(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        patient_id, exam_id = before_keys(storage, settings)
        before = storage.backups.make(NOON)
        aside = settings.folder / "set-aside-1" / "images" / exam_id
        aside.mkdir(parents=True)
        (aside / "a.png").write_bytes(PICTURE)
        storage.older_seals.run()
        after = storage.backups.make(NOON + timedelta(seconds=1))
        service(storage).erase_patient("maria", patient_id, "NC-7")
        assert [one.path for one in storage.backups.all()] == [after.path]
        [entry] = storage.journal.entries("storage")
        assert entry.detail == {"copies": [before.path.name, f"set-aside-1/{exam_id}"]}
    assert readable(settings.folder.parent) == set()


def test_keys_are_no_part_of_a_backup_and_never_made_twice(settings: StorageSettings) -> None:
    with open_storage(settings, now) as storage:
        patient_id = storage.patients.add_patient("NC-7", NOON, ANA).patient_id
        kept = (storage.keys.folder / patient_id).read_bytes()
        backup = storage.backups.make(NOON).path.read_bytes()
        assert kept[1:] not in backup
        storage.patients.set_identity(patient_id, PatientIdentity("A"))
        assert (storage.keys.folder / patient_id).read_bytes() == kept
    (storage.keys.folder / patient_id).unlink()
    with open_beside(settings, now) as beside:
        assert beside.patients.patient(patient_id).is_sealed
        assert not (storage.keys.folder / patient_id).exists()
