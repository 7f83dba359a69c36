"""Every noteworthy action leaves its one entry together with what it changes, or changes nothing."""

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from appliance.accounts.account_service import AccountService
from appliance.apps.archive.assembly import build_archive_imports, build_export_service, build_import_tools
from appliance.apps.archive.report import build_report_service
from appliance.apps.config.device_profiles import device_profiles
from appliance.apps.station.frame_calibration import encode_plain_png
from appliance.domain.account import Role
from appliance.domain.errors import StoreError
from appliance.domain.exam import ExamStart, Finger, Hand, Placement, Sector
from appliance.domain.kept_calibration import CalibrationState
from appliance.domain.patient import PatientIdentity
from appliance.domain.pattern import NailfoldPattern
from appliance.domain.review_edits import SetComment
from appliance.exam.calibration_service import CalibrationService, CalibrationTools, StageMicrometer
from appliance.exam.message import BoxAddress
from appliance.exam.organisation import OrganisationService
from appliance.exam.report_facts import ReportFacts
from appliance.exam.review_service import ReviewService
from appliance.exam.revision_messages import RevisionMessages
from appliance.exam.scale_in_force import ScaleInForce
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.exam.settings import ExamSettings
from appliance.exports.archive.read import ArchiveChoices
from appliance.exports.export_service import ExportFormat
from appliance.exports.imports.job import ImportOptions, PlacedPicture, import_pictures
from appliance.exports.report.form import STANDARD_FORM, read_form
from appliance.exports.settings import PacsSettings
from appliance.storage.memory_accounts import MemoryAccountStore
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from appliance.storage.memory_collections import MemoryCollectionStore
from appliance.storage.memory_finder import MemoryExamFinder
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.open_storage import Storage, open_storage
from appliance.storage.settings import StorageSettings
from appliance.storage.still_encoder import encode_still
from tests.support.accounts import HASHING, PASSWORD
from tests.support.exam_parts import NOON, HeldClock, look_at_still, shown_frame
from tests.support.review_exam import finished_exam

ADDRESS = BoxAddress("clinic-1", "box-7")
ACTOR = "carla.weber"
REPOSITORY = Path(__file__).parents[2]


class SqliteStores:
    """The stores of a station on a disk."""

    def __init__(self, folder: Path, clock: HeldClock) -> None:
        self.folder = folder
        self.storage: Storage = open_storage(StorageSettings(folder / "exams", reserve_mb=0), clock.now_utc)
        self.exams, self.patients, self.folders = self.storage.exams, self.storage.patients, self.storage.folders
        self.collections, self.finder = self.storage.collections, self.storage.finder
        self.calibrations, self.accounts = self.storage.calibrations, self.storage.accounts
        self.journal, self.outbox = self.storage.journal, self.storage.outbox

    def break_journal(self) -> None:
        with self.storage.database.transaction("break the journal") as connection:
            sql = "CREATE TRIGGER broken BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk is gone'); END"
            connection.execute(sql)

    def content(self) -> object:
        """Every row but those of the journal itself, and every file."""
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'journal' ORDER BY name"
        names = [row["name"] for row in self.storage.database.rows("look", sql)]
        rows = {
            one: [tuple(row) for row in self.storage.database.rows("look", f"SELECT * FROM {one}")] for one in names
        }
        images = self.folder / "exams"
        kept = (path for name in ("images", "calibrations") for path in (images / name).rglob("*") if path.is_file())
        return rows, {path.relative_to(images): path.read_bytes() for path in kept}

    def close(self) -> None:
        self.storage.close()


class MemoryStores:
    """Their fakes."""

    def __init__(self, folder: Path, clock: HeldClock) -> None:
        self.exams = MemoryExamStore()
        self.patients, self.folders, self.outbox = self.exams.patients, self.exams.folders, self.exams.outbox
        self.journal = MemoryJournal(clock.now_utc, self.outbox)
        self.collections = MemoryCollectionStore(self.exams)
        self.finder = MemoryExamFinder(self.exams, self.journal)
        self.calibrations = MemoryCalibrationStore(self.exams.database)
        self.accounts = MemoryAccountStore(self.exams.database)

    def break_journal(self) -> None:
        self.journal.fill_disk()

    def content(self) -> object:
        return self.exams.database.copy()

    def close(self) -> None:
        pass


class Box:
    """Every service that journals, over either kind of stores; `change` makes one action ready."""

    def __init__(self, stores: Any, folder: Path, clock: HeldClock) -> None:
        self.stores, self.folder, self.clock, self.seq = stores, folder, clock, itertools.count(1)
        kept, now_utc = stores, clock.now_utc
        tools = SessionTools(self._show, encode_still)
        self.session = ExamSession(kept.exams, tools, ADDRESS, clock, kept.journal)
        self.order = OrganisationService(
            kept.exams, kept.patients, kept.folders, kept.collections, kept.journal, now_utc
        )
        self.accounts = AccountService(kept.accounts, kept.journal, clock, HASHING)
        seen = CalibrationTools(lambda: self._show().frame, encode_plain_png, lambda: "", device_profiles())
        in_force = ScaleInForce(kept.calibrations)
        self.calibrations = CalibrationService(kept.calibrations, kept.journal, clock, in_force, seen)
        publication = RevisionMessages(ADDRESS, kept.outbox.newest_message_id, now_utc)
        self.reviews = ReviewService(kept.exams, kept.journal, publication)
        self.facts = ReportFacts(kept.journal)
        self.reports = build_report_service(
            folder / "report", kept.exams, kept.finder, kept.accounts, kept.journal, now_utc, "1.0", lambda _: None
        )
        self.exports = build_export_service(
            kept.exams, kept.patients, kept.journal, PacsSettings(), now_utc, "1.0", str
        )
        self.pictures = build_import_tools(
            kept.exams, kept.patients, kept.journal, look_at_still, now_utc, ExamSettings()
        )
        self.archives = build_archive_imports(
            folder / "archives", kept.exams, kept.patients, kept.journal, ADDRESS, now_utc
        )

    def _show(self) -> Any:
        self.clock.advance(0.1)
        return shown_frame(next(self.seq), self.clock.monotonic_s())

    def started(self) -> ExamSession:
        self.session.start("NC-1", ExamStart(ACTOR))
        self.session.capture()
        return self.session

    def reviewed(self) -> str:
        """The id of a finished exam."""
        return finished_exam(self.stores.exams, images=1).exam_id

    def image_id(self, exam_id: str) -> str:
        image_id: str = self.stores.exams.exam(exam_id).images[0].image_id
        return image_id

    def revision(self, exam_id: str) -> int:
        return self.reviews.log(exam_id).revision

    def account(self) -> str:
        self.accounts.set_up("ana.ruiz", "Dr. Ana Ruiz", PASSWORD)
        return self.accounts.add(ACTOR, "nurse.ng", "Mei Ng", Role.OPERATOR)[0].account_id

    def measured(self) -> str:
        picture = self.calibrations.freeze()
        width = picture.frame.width_px
        return self.calibrations.from_points(picture.picture_id, (2.0, 4.0), (width - 4.0, 4.0), 80.0).measurement_id

    def calibrated(self) -> str:
        kept = self.calibrations.keep([self.measured()], "200x", StageMicrometer("Micrometer 7"), "", ACTOR)
        return kept.calibration.calibration_id


Act = Callable[[], object]
Prepare = Callable[[Box], Act]


def start(box: Box) -> Act:
    return lambda: box.session.start("NC-1", ExamStart(ACTOR, "32"))


def skip(box: Box) -> Act:
    session = box.started()
    return lambda: session.skip("bandage", ACTOR, whole_finger=True)


def finish(box: Box) -> Act:
    session = box.started()
    session.capture()
    session.undo()  # its file goes with the end of the exam, and not before
    return lambda: session.finish(ACTOR)


def discard(box: Box) -> Act:
    session = box.started()
    session.capture()
    session.undo()
    return lambda: session.discard(ACTOR)


def add_patient(box: Box) -> Act:
    return lambda: box.order.add_patient(ACTOR, "NC-9", PatientIdentity("María García"))


def set_identity(box: Box) -> Act:
    patient_id = box.stores.patients.add_patient("NC-9", NOON).patient_id
    return lambda: box.order.set_identity(ACTOR, patient_id, PatientIdentity("María García"))


def erase_patient(box: Box) -> Act:
    patient_id = box.stores.patients.add_patient("NC-9", NOON, PatientIdentity("María García")).patient_id
    return lambda: box.order.erase_patient(ACTOR, patient_id, "NC-9")


def add_folder(box: Box) -> Act:
    return lambda: box.order.add_folder(ACTOR, "Lupus study")


def change_folder(box: Box) -> Act:
    folder = box.stores.folders.add_folder("Lupus study")
    return lambda: box.order.change_folder(ACTOR, replace(folder, is_archived=True))


def move_folder(box: Box) -> Act:
    project, folder = box.stores.folders.add_folder("A"), box.stores.folders.add_folder("B")
    return lambda: box.order.change_folder(ACTOR, replace(folder, parent_id=project.folder_id))


def file_exam(box: Box) -> Act:
    exam_id, folder = box.reviewed(), box.stores.folders.add_folder("A")
    return lambda: box.order.file_exams(ACTOR, {exam_id: folder.folder_id})


def archive_exam(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.order.archive_exams(ACTOR, [exam_id], True)


def unarchive_exam(box: Box) -> Act:
    archive_exam(box)()
    exam_id = box.stores.exams.exams()[0].exam_id
    return lambda: box.order.archive_exams(ACTOR, [exam_id], False)


def add_collection(box: Box) -> Act:
    return lambda: box.order.add_collection(ACTOR, "Giants")


def change_collection(box: Box) -> Act:
    made = box.stores.collections.add_collection("Giants", NOON)
    return lambda: box.order.change_collection(ACTOR, replace(made, name="Bushes"))


def fill_collection(box: Box) -> Act:
    made, image_id = box.stores.collections.add_collection("Giants", NOON), box.image_id(box.reviewed())
    return lambda: box.order.add_images(ACTOR, made.collection_id, [image_id])


def empty_collection(box: Box) -> Act:
    fill_collection(box)()
    (made,) = box.stores.collections.collections()
    image_id = box.stores.collections.images(made.collection_id)[0].image_id
    return lambda: box.order.remove_images(ACTOR, made.collection_id, [image_id])


def set_up(box: Box) -> Act:
    return lambda: box.accounts.set_up(ACTOR, "Dr. Carla Weber", PASSWORD)


def add_account(box: Box) -> Act:
    return lambda: box.accounts.add(ACTOR, "nurse.ng", "Mei Ng", Role.OPERATOR)


def choose_password(box: Box) -> Act:
    account = box.accounts.set_up(ACTOR, "Dr. Carla Weber", PASSWORD).account
    return lambda: box.accounts.choose_password(account, PASSWORD, "other vessels tell")


def reset_password(box: Box) -> Act:
    account_id = box.account()
    return lambda: box.accounts.reset_password(ACTOR, account_id)


def change_account(box: Box) -> Act:
    account_id = box.account()
    return lambda: box.accounts.change(ACTOR, account_id, is_disabled=True)


def end_sessions(box: Box) -> Act:
    account_id = box.account()
    return lambda: box.accounts.end_sessions(ACTOR, account_id)


def calibrate(box: Box) -> Act:
    measurement_id = box.measured()
    return lambda: box.calibrations.keep([measurement_id], "200x", StageMicrometer("Micrometer 7"), "", ACTOR)


def retire_calibration(box: Box) -> Act:
    calibration_id = box.calibrated()
    return lambda: box.calibrations.set_state(calibration_id, CalibrationState.RETIRED, ACTOR)


def state_magnification(box: Box) -> Act:
    return lambda: box.calibrations.state_magnification("200x", ACTOR)


def edit(box: Box) -> Act:
    exam_id = box.reviewed()
    image_id = box.image_id(exam_id)
    return lambda: box.reviews.edit(exam_id, image_id, SetComment("Crossed."), ACTOR, 0)


def undo_edit(box: Box) -> Act:
    edit(box)()
    exam_id = box.stores.exams.exams()[0].exam_id
    image_id, revision = box.image_id(exam_id), box.revision(exam_id)
    return lambda: box.reviews.undo(exam_id, image_id, ACTOR, revision)


def redo_edit(box: Box) -> Act:
    undo_edit(box)()
    exam_id = box.stores.exams.exams()[0].exam_id
    image_id, revision = box.image_id(exam_id), box.revision(exam_id)
    return lambda: box.reviews.redo(exam_id, image_id, ACTOR, revision)


def conclude(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.reviews.conclude(exam_id, "Normal.", ACTOR, 0)


def name_pattern(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.reviews.name_pattern(exam_id, next(iter(NailfoldPattern)), ACTOR, 0)


def validate(box: Box) -> Act:
    """Queues the corrected exam, too."""
    exam_id = box.reviewed()
    return lambda: box.reviews.validate(exam_id, ACTOR, 0, accepts_unseen=True)


def see(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.reviews.see(exam_id, box.image_id(exam_id), ACTOR)


def reopen(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.session.reopen(exam_id, "right hand forgotten", ACTOR)


def invalidate(box: Box) -> Act:
    validate(box)()
    exam_id = box.stores.exams.exams()[0].exam_id
    revision = box.revision(exam_id)
    return lambda: box.reviews.invalidate(exam_id, "Wrong finger.", ACTOR, revision)


def state_facts(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.facts.state(exam_id, {"oil": "cedar"}, ACTOR, Role.PHYSICIAN)


def issue_report(box: Box) -> Act:
    exam_id = box.reviewed()
    box.reports.folder.keep("template.html.jinja", b"<p>ok</p>")
    return lambda: box.reports.issue(exam_id, ACTOR)


def change_form(box: Box) -> Act:
    form = replace(read_form(STANDARD_FORM.read_text("utf-8"), "form.toml"), title="Nailfold")
    return lambda: box.reports.change_form(ACTOR, form)


def keep_file(box: Box) -> Act:
    return lambda: box.reports.keep_file(ACTOR, "style.css", b"h1 { color: black }")


def remove_file(box: Box) -> Act:
    keep_file(box)()
    return lambda: box.reports.remove_file(ACTOR, "style.css")


def export(box: Box) -> Act:
    exam_id = box.reviewed()
    return lambda: box.exports.export(ExportFormat.CSV, [exam_id], io.BytesIO(), ACTOR)


def import_files(box: Box) -> Act:
    path = box.folder / "left-ring.png"
    Image.fromarray(np.full((48, 64, 3), (150, 90, 60), np.uint8)).save(path)
    workspace = box.folder / "workspace"
    workspace.mkdir()
    placed = PlacedPicture(path, path.name, Placement(Hand.LEFT, Finger.RING, Sector.B))
    options = ImportOptions("NC-7", operator=ACTOR)
    return lambda: import_pictures([placed], options, box.pictures, workspace, lambda *_: None)


def import_archive(box: Box) -> Act:
    path, clock = box.folder / "exam.zip", HeldClock()
    other = Box(MemoryStores(box.folder, clock), box.folder, clock)
    exam_id = other.reviewed()
    with path.open("wb+") as file:
        other.exports.export(ExportFormat.ZIP, [exam_id], file, ACTOR)
    return lambda: box.archives.take_in_file(path, ArchiveChoices(publish=True), ACTOR)


ACTS: dict[Prepare, tuple[str, str]] = {
    start: ("exam:", "exam.started"),
    skip: ("exam:", "exam.skipped"),
    finish: ("exam:", "exam.finished"),
    discard: ("exam:", "exam.discarded"),
    add_patient: ("patient:", "patient.added"),
    set_identity: ("patient:", "patient.identity_changed"),
    erase_patient: ("patient:", "patient.erased"),
    add_folder: ("folder:", "folder.added"),
    change_folder: ("folder:", "folder.changed"),
    move_folder: ("folder:", "folder.moved"),
    file_exam: ("exam:", "exam.filed"),
    archive_exam: ("exam:", "exam.archived"),
    unarchive_exam: ("exam:", "exam.unarchived"),
    add_collection: ("collection:", "collection.added"),
    change_collection: ("collection:", "collection.changed"),
    fill_collection: ("collection:", "collection.filled"),
    empty_collection: ("collection:", "collection.emptied"),
    set_up: ("account:", "account.created"),
    add_account: ("account:", "account.created"),
    choose_password: ("account:", "account.password_changed"),
    reset_password: ("account:", "account.password_reset"),
    change_account: ("account:", "account.changed"),
    end_sessions: ("account:", "account.sessions_ended"),
    calibrate: ("calibration:", "calibration.made"),
    retire_calibration: ("calibration:", "calibration.retired"),
    state_magnification: ("device:", "calibration.magnification_stated"),
    edit: ("review:", "review.edited"),
    undo_edit: ("review:", "review.undone"),
    redo_edit: ("review:", "review.redone"),
    conclude: ("review:", "review.concluded"),
    name_pattern: ("review:", "review.pattern_named"),
    see: ("seen:", "review.seen"),
    reopen: ("review:", "review.reopened"),
    validate: ("review:", "review.validated"),
    invalidate: ("review:", "review.invalidated"),
    state_facts: ("facts:", "report.stated"),
    issue_report: ("report:", "report.made"),
    change_form: ("report", "report.form_changed"),
    keep_file: ("report", "report.file_kept"),
    remove_file: ("report", "report.file_removed"),
    export: ("exam:", "exam.exported"),
    import_files: ("exam:", "exam.imported"),
    import_archive: ("exam:", "exam.imported"),
}


@pytest.fixture(params=[SqliteStores, MemoryStores])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    clock = HeldClock()
    stores = request.param(tmp_path, clock)
    yield Box(stores, tmp_path, clock)
    stores.close()


@pytest.fixture(params=ACTS, ids=lambda prepare: prepare.__name__)
def prepare(request: pytest.FixtureRequest) -> Prepare:
    found: Prepare = request.param
    return found


def report_files(box: Box) -> dict[str, bytes]:
    """Those that count; a draft that was left does not."""
    folder = box.reports.folder
    return {name: (folder.path / name).read_bytes() for name in folder.own_files()}


def test_an_action_leaves_exactly_one_entry_that_says_who_what_and_on_what(box: Box, prepare: Prepare) -> None:
    act = prepare(box)
    before = len(box.stores.journal.entries())
    act()
    (entry,) = box.stores.journal.entries()[before:]
    subject, action = ACTS[prepare]
    assert (entry.actor, entry.action) == (ACTOR, action)
    assert entry.subject.startswith(subject)
    assert box.stores.journal.verify().is_intact


def test_an_action_that_cannot_be_journaled_changes_nothing(box: Box, prepare: Prepare) -> None:
    act = prepare(box)
    content, files, snapshot = box.stores.content(), report_files(box), box.session.snapshot().exam
    entries = box.stores.journal.entries()
    box.stores.break_journal()
    with pytest.raises(StoreError):
        act()
    assert box.stores.content() == content
    assert report_files(box) == files
    assert box.session.snapshot().exam == snapshot
    assert box.stores.journal.entries() == entries
    assert box.stores.journal.verify().is_intact


@pytest.mark.parametrize("prepare", [start, finish, add_folder, calibrate, change_account])
def test_a_change_that_is_refused_leaves_no_entry(box: Box, prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something fails after both were written, before either is kept."""
    act, journal = prepare(box), box.stores.journal
    content, entries = box.stores.content(), journal.entries()
    really_append = journal.append

    def append_and_fail(*words: Any, **more: Any) -> None:
        really_append(*words, **more)
        raise StoreError("the power went")

    monkeypatch.setattr(journal, "append", append_and_fail)
    with pytest.raises(StoreError, match="the power went"):
        act()
    assert (box.stores.content(), journal.entries()) == (content, entries)
    assert journal.verify().is_intact


def test_a_review_comes_with_its_exam_or_not_at_all(box: Box, tmp_path: Path) -> None:
    clock = HeldClock()
    other = Box(MemoryStores(tmp_path, clock), tmp_path, clock)
    exam_id = other.reviewed()
    other.reviews.conclude(exam_id, "Normal.", "dr.ruiz", 0)
    other.facts.state(exam_id, {"oil": "cedar"}, "dr.ruiz", Role.PHYSICIAN)
    other.stores.journal.append("dr.ruiz", f"report:{exam_id}", "report.made", {"bytes": 1})
    with (tmp_path / "exam.zip").open("wb+") as file:
        other.exports.export(ExportFormat.ZIP, [exam_id], file, "dr.ruiz")
    taken = box.archives.take_in_file(tmp_path / "exam.zip", ArchiveChoices(), ACTOR)
    assert taken.problems == ()
    assert box.reviews.reviewed(exam_id).conclusion == "Normal."
    assert box.facts.of(exam_id) == {"oil": "cedar"}
    written = [(entry.actor, entry.action) for entry in box.stores.journal.entries()]
    concluded, stated = ("dr.ruiz@imported", "review.concluded"), ("dr.ruiz@imported", "report.stated")
    assert written == [(ACTOR, "exam.imported"), concluded, stated]


def test_no_view_writes_the_journal() -> None:
    """An entry that a page writes is lost when the station is killed in between, and the command line has none."""
    views = list((REPOSITORY / "webui").rglob("*.py"))
    assert len(views) > 50
    assert [path.name for path in views if "journal.append" in path.read_text()] == []
