"""A lost box comes back from its encrypted copy and its keys; an erased patient does not."""

import io
from pathlib import Path

import pytest

from appliance.apps.station.copies import StationCopies
from appliance.apps.station.restoring import FILE_NAME, ask_to_restore, restored_storage
from appliance.domain.box_settings import KeysTakenIn, RestorePlan
from appliance.domain.errors import ErasedError, ExamError, StoreError
from appliance.domain.patient import PatientIdentity
from appliance.storage.open_storage import Storage
from appliance.storage.settings import StorageSettings
from tests.support.cheap_passphrases import cheap_passphrases
from tests.support.exam_parts import HeldClock
from tests.support.kept_exam import PICTURE, keep_exam

WORDS = "four words of mine"
ANA = PatientIdentity("Anabel Zubiri")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passphrases(monkeypatch)


class Box:
    """A station's storage and copy service; `start_again` is what its restart does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, HeldClock()
        folder.mkdir()
        self.settings = StorageSettings(folder / "exams", reserve_mb=0)
        self.restarts, self.is_busy = 0, False
        self.start()

    def start(self) -> None:
        self.storage: Storage = restored_storage(self.folder, self.settings, self.clock)
        self.service = StationCopies(
            self.settings, self.storage, self.folder, self.clock, lambda: self.is_busy, self._restart
        )

    def start_again(self) -> None:
        self.storage.close()
        self.start()

    def _restart(self) -> None:
        self.restarts += 1

    def file(self, what: str, passphrase: str = WORDS) -> bytes:
        made = io.BytesIO()
        if what == "keys":
            assert self.service.write_keys("maria", made, passphrase).startswith("nailfold-keys-")
        else:
            assert self.service.write_copy("maria", made, passphrase, lambda *_: None).startswith("nailfold-copy-")
        return made.getvalue()

    def take(self, content: bytes, passphrase: str = WORDS) -> RestorePlan | KeysTakenIn:
        return self.service.open("otto", self.service.receive(io.BytesIO(content)), passphrase)

    def actions(self) -> list[tuple[str, str]]:
        return [(entry.actor, entry.action) for entry in self.storage.journal.entries("storage")]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = Box(tmp_path / "one")
    made.storage.patients.add_patient("NC-7", made.clock.now_utc(), ANA)
    return made


def test_a_new_box_gets_everything_from_copy_and_keys(box: Box, tmp_path: Path) -> None:
    exam_id = keep_exam(box.storage, "NC-7")
    copy, keys = box.file("copy"), box.file("keys")
    assert b"Anabel" not in copy + keys
    assert PICTURE not in copy
    other = Box(tmp_path / "two")
    plan = other.take(copy)
    assert isinstance(plan, RestorePlan)
    assert (plan.trial.exams, plan.pictures, plan.exams_here, plan.lost_exams, plan.closed_patients) == (1, 1, 0, 0, 1)
    assert other.take(keys) == KeysTakenIn(new=1, erased=0)
    plan = other.take(copy)
    assert isinstance(plan, RestorePlan)
    assert plan.closed_patients == 0
    other.service.restore("otto", plan.plan_id)
    assert other.restarts == 1
    other.start_again()
    assert other.storage.patients.patients("zubiri").patients[0].patient.identity == ANA
    assert other.storage.exams.read_png(exam_id, f"{exam_id}-1") == PICTURE
    assert other.actions()[-1] == ("otto", "storage.restored")
    assert not (other.folder / FILE_NAME).exists()
    assert list((other.folder / "restore").glob("*")) == []
    for one in (box, other):
        one.storage.close()


def test_an_old_copy_does_not_bring_an_erased_patient_back(box: Box, tmp_path: Path) -> None:
    exam_id = keep_exam(box.storage, "NC-7")
    old_copy, old_keys = box.file("copy"), box.file("keys")
    patient = box.storage.patients.patient_of("NC-7")
    assert patient is not None
    box.storage.exams.erase_exams_of("NC-7")
    box.storage.patients.erase(patient.patient_id, box.clock.now_utc())
    box.storage.patients.shred(patient.patient_id)
    new_keys = box.file("keys")
    assert box.take(old_keys) == KeysTakenIn(new=0, erased=0)
    plan = box.take(old_copy)
    assert isinstance(plan, RestorePlan)
    box.service.restore("otto", plan.plan_id)
    box.start_again()
    other = Box(tmp_path / "two")
    assert other.take(new_keys) == KeysTakenIn(new=0, erased=1)
    plan = other.take(old_copy)
    assert isinstance(plan, RestorePlan)
    other.service.restore("otto", plan.plan_id)
    other.start_again()
    for one in (box, other):
        kept = one.storage.patients.patient(patient.patient_id)
        assert (kept.identity, kept.erased_at_utc is None) == (None, False)
        with pytest.raises(ErasedError):
            one.storage.exams.read_png(exam_id, f"{exam_id}-1")
        assert list((one.settings.folder / "images").glob("*/*")) == []
        one.storage.close()


def test_a_backup_says_what_it_would_replace_and_restores(box: Box) -> None:
    keep_exam(box.storage, "NC-7")
    backup = box.storage.backups.make(box.clock.now_utc())
    keep_exam(box.storage, "NC-8")
    plan = box.service.plan(backup.path.name)
    assert (plan.name, plan.trial.exams, plan.exams_here, plan.lost_exams) == (backup.path.name, 1, 2, 1)
    assert plan.newest_exam_at_utc == box.storage.exams.exams()[0].started_at_utc
    box.is_busy = True
    with pytest.raises(ExamError, match="an exam is open"):
        box.service.restore("otto", plan.plan_id)
    box.is_busy = False
    box.service.restore("otto", plan.plan_id)
    box.start_again()
    assert len(box.storage.exams.exams()) == 1
    with pytest.raises(StoreError, match="there is no backup"):
        box.service.plan("../exams.sqlite3")
    box.storage.close()


def test_a_restore_that_is_not_possible_leaves_the_box_as_it_was(box: Box) -> None:
    keep_exam(box.storage, "NC-7")
    ask_to_restore(box.folder, box.folder / "gone.sqlite3", None, "otto")
    box.start_again()
    assert len(box.storage.exams.exams()) == 1
    assert box.actions() == [("station", "storage.restore_failed")]
    box.start_again()
    assert len(box.actions()) == 1
    box.storage.close()


def test_files_are_named_by_their_kind_and_time_and_the_journal_knows_of_them(box: Box) -> None:
    assert (
        box.service.write_keys("maria", io.BytesIO(), WORDS)
        == f"nailfold-keys-{box.clock.now_utc():%Y%m%dT%H%M%SZ}.sealed"
    )
    assert box.actions() == [("maria", "storage.keys_written")]
    box.storage.close()
