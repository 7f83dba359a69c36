"""Taking an archive in: everything is read and checked before the first exam is kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.domain.counted import counted
from appliance.domain.errors import ExportError, NotKeptError
from appliance.domain.exam import Exam
from appliance.domain.journal import JournalNote
from appliance.domain.pseudonym import require_pseudonym
from appliance.exports.archive.exam_json import exam_from_json
from appliance.exports.archive.safe_zip import ArchiveLimits, SafeZip
from appliance.exports.imports.bounded_decode import require_png
from appliance.ports import ExamImport, ExamStore, Journal, OutboxMessage

ORIGIN = "archive"


class PseudonymClashError(ExportError):
    """Pseudonyms of the archive are in use on this box, or look like one that is: the same patients, or others?

    Attributes:
        here: pseudonym of the archive to the one on this box that is the same or looks like it.
    """

    def __init__(self, here: Mapping[str, str]) -> None:
        # The pseudonyms themselves stay out of the text: errors reach the log.
        some = counted(len(here), "of the archive's pseudonyms is", "of the archive's pseudonyms are")
        super().__init__(
            f"{some} in use on this box, or so much alike that they could be mistaken",
            "Say for each whether it is the same patient, or give another pseudonym.",
        )
        self.here = dict(here)


@dataclass(frozen=True)
class ArchiveChoices:
    """What the person who imports decided.

    Attributes:
        same_patients: pseudonyms that mean the same patient on both boxes; the patient keeps the one of this box.
        renamed: pseudonym of the archive to the one it is to have here; to itself says that it is another patient than
            the one whose pseudonym looks like it.
        publish: queue the MQTT message of each exam, as if it had been captured here.
    """

    same_patients: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    publish: bool = False


@dataclass(frozen=True)
class ArchivedExam:
    """An exam that was taken in, with the journal of where it came from (entries as JSON, oldest first)."""

    exam: Exam
    journal: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class ArchiveResult:
    """What became of an archive: exams that were taken in, and ids of those that were here already, unchanged."""

    imported: tuple[ArchivedExam, ...]
    known: tuple[str, ...]


def import_archive(
    path: Path,
    store: ExamStore,
    known_as: Callable[[str], str | None],
    now_utc: datetime,
    choices: ArchiveChoices | None = None,
    *,
    make_message: Callable[[Exam], OutboxMessage] | None = None,
    notes_of: Callable[[ArchivedExam], Sequence[JournalNote]] = lambda _: (),
    journal: Journal | None = None,
    limits: ArchiveLimits | None = None,
) -> ArchiveResult:
    """Keep every exam of an archive that is new here: all or none.

    Args:
        known_as: the pseudonym here that is this one or looks like it; None where neither is.
        make_message: of an exam to publish; only used where the choices ask for it.
        notes_of: what is written into `journal` together with an exam.

    Raises:
        PseudonymClashError: it must be said first who is who.
        ExportError: the archive is damaged, changed, too large or of another format, or an exam differs from the one of
            the same id that this box has.
        StoreError: the disk is full or refuses.
    """
    choices = choices or ArchiveChoices()
    with SafeZip(path, limits) as archive:
        found = [_read_exam(archive, exam_id) for exam_id in archive.exam_ids]
        if not found:
            raise ExportError("the archive holds no exam", "Export the exams again.")
        known = tuple(one.exam.exam_id for one in found if _is_known(store, one.exam))
        new = [one for one in found if one.exam.exam_id not in known]
        _require_choices(new, choices, known_as)
        new = [replace(one, exam=_renamed(one.exam, choices, known_as)) for one in new]
        message = make_message if choices.publish else None
        imports = [
            ExamImport(
                exam=one.exam,
                files=_StillsInArchive(archive, one.exam),
                origin=ORIGIN,
                message=None if message is None else message(one.exam),
                notes=tuple(notes_of(one)),
                missing=archive.missing(one.exam.exam_id),
            )
            for one in new
        ]
        for one in imports:
            _check_files(one)
        store.import_exams(imports, now_utc, journal)
    return ArchiveResult(tuple(new), known)


class _StillsInArchive(Mapping[str, bytes]):
    """Images of an exam, read from the archive when asked for."""

    def __init__(self, archive: SafeZip, exam: Exam) -> None:
        self._archive = archive
        folder = f"exams/{exam.exam_id}/images"
        there = frozenset(archive.names(f"{folder}/"))
        names = {image.image_id: f"{folder}/{image.file_name}" for image in exam.images}
        self._names = {image_id: name for image_id, name in names.items() if name in there}

    def __getitem__(self, image_id: str) -> bytes:
        return self._archive.read(self._names[image_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _read_exam(archive: SafeZip, exam_id: str) -> ArchivedExam:
    folder = f"exams/{exam_id}"
    record = archive.json(f"{folder}/exam.json")
    if record.get("exam_id") != exam_id:
        raise ExportError(f"{folder} holds the record of another exam", "Export it again.")
    listed = record.get("images")
    if not isinstance(listed, list):
        raise ExportError(f"{folder} lists no images", "Export it again.")
    images = [str(image.get("image_id")) for image in listed if isinstance(image, dict)]
    documents = {image_id: archive.json(f"{folder}/results/{image_id}.json") for image_id in images}
    entries = archive.json(f"{folder}/journal.json").get("entries")
    journal = tuple(one for one in entries if isinstance(one, dict)) if isinstance(entries, list) else ()
    return ArchivedExam(exam_from_json(record, documents), journal)


def _check_files(one: ExamImport) -> None:
    """Every image is there and whole before anything is written."""
    for image in one.images_with_files:
        if image.image_id not in one.files:
            raise ExportError(f"the archive has no file of image {image.image_id}", "Export it again.")
        content = one.files[image.image_id]
        if image.file_name.endswith(".png"):
            require_png(image.file_name, content)


def _is_known(store: ExamStore, exam: Exam) -> bool:
    """Whether this box has the exam; one that differs is refused, for one of the two must be wrong."""
    try:
        mine = store.exam(exam.exam_id)
    except NotKeptError:
        return False
    kept = {(image.image_id, image.sha256) for image in mine.images}
    if kept != {(image.image_id, image.sha256) for image in exam.images}:
        raise ExportError(
            f"exam {exam.exam_id} is on this box with other images", "Nothing was imported. Ask which one is right."
        )
    return True


def _require_choices(
    exams: Sequence[ArchivedExam], choices: ArchiveChoices, known_as: Callable[[str], str | None]
) -> None:
    open_questions: dict[str, str] = {}
    for name in sorted({one.exam.patient_pseudonym for one in exams} - choices.same_patients):
        wanted = choices.renamed.get(name, name)
        here = known_as(wanted)
        is_said_to_be_another = choices.renamed.get(name) == name
        if here is not None and not (is_said_to_be_another and here.casefold() != wanted.casefold()):
            open_questions[name] = here
    if open_questions:
        raise PseudonymClashError(open_questions)


def _renamed(exam: Exam, choices: ArchiveChoices, known_as: Callable[[str], str | None]) -> Exam:
    name = choices.renamed.get(exam.patient_pseudonym)
    if exam.patient_pseudonym in choices.same_patients:
        return replace(exam, patient_pseudonym=known_as(exam.patient_pseudonym) or exam.patient_pseudonym)
    return exam if name is None else replace(exam, patient_pseudonym=require_pseudonym(name))
