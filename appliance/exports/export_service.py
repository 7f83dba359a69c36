"""Exports of one or several exams in every format, and sending to the archive; each is noted in the journal."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import chain
from typing import Any, BinaryIO

from appliance.domain.calibration import Calibration
from appliance.domain.errors import ExportError, StoreError
from appliance.domain.exam import ExamState
from appliance.domain.exam_figures import ExamFigures
from appliance.domain.instant import to_rfc3339
from appliance.domain.journal import JournalEntry
from appliance.domain.patient import PatientIdentity
from appliance.domain.review import ReviewedExam
from appliance.exports.archive.write import write_archive
from appliance.exports.coco.data_set import coco_files
from appliance.exports.csv_tables import csv_tables
from appliance.exports.dicom.sending import PacsSender, Sending
from appliance.exports.fhir.bundle import fhir_bytes
from appliance.exports.progress import NoProgress, Progress, WithProgress
from appliance.exports.settings import PacsSettings
from appliance.exports.source import ExamToExport, KeptStill
from appliance.ports import Journal

EXPORTED = "exam.exported"
SENT = "exam.sent_to_pacs"
_CHUNK = 1 << 20
Report = Callable[[str], bytes]


class ExportFormat(Enum):
    """What an exam can leave as; the PDF is the report's."""

    FHIR = "fhir"
    DICOM = "dicom"
    CSV = "csv"
    ZIP = "zip"
    COCO = "coco"


@dataclass(frozen=True)
class ExportSources:
    """Where an export's content comes from; every callable is safe to call from any thread.

    Attributes:
        read_file: the kept file of an image, by exam and image.
        entries: the journal's entries about an exam, oldest first.
        identity: of a patient by pseudonym; None where none was entered.
        full_name: of an account by its login.
        calibrations: those the box knows, by id.
        journal: takes an entry for every export.
    """

    reviewed: Callable[[str], ReviewedExam]
    figures: Callable[[str], ExamFigures]
    read_file: Callable[[str, str], bytes]
    decode: Callable[[bytes], KeptStill]
    entries: Callable[[str], Sequence[JournalEntry]]
    identity: Callable[[str], PatientIdentity | None]
    journal: Journal
    now_utc: Callable[[], datetime]
    software_version: str
    full_name: Callable[[str], str]
    calibrations: Callable[[], Mapping[str, Calibration]] = dict


@dataclass(frozen=True)
class ExportedFile:
    """What was written: a name to offer and its media type.

    Attributes:
        missing: a line for each image whose file is missing or damaged and therefore not in it.
    """

    name: str
    media_type: str
    missing: tuple[str, ...] = ()


class ExportService:
    """Writes exports and sends exams. Safe for calls from any thread."""

    def __init__(self, sources: ExportSources, pacs: PacsSettings) -> None:
        self._sources = sources
        self._pacs = pacs
        self._senders: dict[str, str] = {}
        self.sender = PacsSender(pacs, self._note_sending)

    @property
    def pacs(self) -> PacsSettings:
        return self._pacs

    def export(
        self,
        form: ExportFormat,
        exam_ids: Sequence[str],
        file: BinaryIO,
        actor: str,
        *,
        with_identity: bool = False,
        report: Report | None = None,
        progress: Progress | None = None,
    ) -> ExportedFile:
        """Write the exams into `file` (open for reading and writing, empty) and note it in the journal.

        One exam as FHIR is its Bundle; several, DICOM, CSV and COCO are ZIP files.

        Args:
            report: the printed report (PDF) of an exam by its id, to be put into its FHIR Bundle.
            progress: told exam by exam; may end the work.

        Raises:
            NotKeptError: there is no such exam.
            ExportError: no exam was named, one is open, or identities or reports were asked for in a format that holds
                none; a report cannot be made.
        """
        if not exam_ids:
            raise ExportError("no exam was chosen", "Choose at least one.")
        if with_identity and form not in (ExportFormat.FHIR, ExportFormat.DICOM):
            raise ExportError(f"{form.value} holds no identities", "Export as FHIR or DICOM, or with pseudonyms.")
        if report is not None and form is not ExportFormat.FHIR:
            raise ExportError(f"{form.value} holds no printed report", "Export as FHIR, or without the report.")
        sources = [self.source(exam_id, with_identity=with_identity) for exam_id in dict.fromkeys(exam_ids)]
        told = WithProgress(sources, progress or NoProgress())
        made = write_export(form, told, file, self._sources.now_utc(), report)
        made = replace(made, missing=missing_lines(sources))
        detail: dict[str, Any] = {"format": form.value, "with_identity": with_identity, "sha256": _digest(file)}
        if report is not None:
            detail["with_report"] = True
        if made.missing:
            detail["missing"] = list(made.missing)
        self.note([source.exam.exam_id for source in sources], actor, detail)
        return made

    def note(self, exam_ids: Sequence[str], actor: str, detail: Mapping[str, Any]) -> None:
        """An entry about each exam that leaves the box, before it does."""
        journal = self._sources.journal
        with journal.transaction("note the export"):
            for exam_id in exam_ids:
                journal.append(actor, f"exam:{exam_id}", EXPORTED, {**detail, "exams": len(exam_ids)})

    def source(self, exam_id: str, *, with_identity: bool = False) -> ExamToExport:
        """The exam as reviewed, with its figures. Raises NotKeptError, and ExportError for an open exam."""
        given = self._sources
        reviewed = given.reviewed(exam_id)
        exam = reviewed.exam
        if exam.state is ExamState.OPEN:
            raise ExportError(f"exam {exam_id} is open", "Finish it first.")
        unreadable: dict[str, str] = {}
        for image in exam.images:
            try:
                given.read_file(exam_id, image.image_id)
            except StoreError as error:
                unreadable[image.image_id] = error.message
        return ExamToExport(
            reviewed=reviewed,
            figures=given.figures(exam_id),
            read_file=lambda image_id: given.read_file(exam_id, image_id),
            decode=given.decode,
            software_version=given.software_version,
            full_name=given.full_name,
            calibrations=given.calibrations(),
            journal=[journal_entry_to_json(entry) for entry in given.entries(exam_id)],
            identity=given.identity(exam.patient_pseudonym) if with_identity else None,
            unreadable=unreadable,
        )

    def send(self, exam_id: str, actor: str, *, with_identity: bool = False) -> Sending:
        """Queue an exam for the DICOM archive. Raises ExportError where none is set or the exam holds no picture."""
        if not self._pacs.is_on:
            raise ExportError("no DICOM archive is set", "Set pacs.host, pacs.port and the AE titles in the settings.")
        source = self.source(exam_id, with_identity=with_identity)
        if next(iter(source.pictures()), None) is None:
            raise ExportError(f"exam {exam_id} has no pictures to send", "Choose another exam.")
        from appliance.exports.dicom.files import dicom_objects  # noqa: PLC0415 (pydicom: 50 MB)

        self._senders[exam_id] = actor
        return self.sender.send(exam_id, lambda: list(dicom_objects(source)))

    def echo(self) -> None:
        """Return when the DICOM archive answers. Raises ExportError saying what does not fit."""
        from appliance.exports.dicom.pacs import echo  # noqa: PLC0415 (pydicom: 50 MB)

        echo(self._pacs)

    def _note_sending(self, done: Sending) -> None:
        detail = {"archive": self._pacs.name, "state": done.state.value, "stored": done.stored, "total": done.total}
        actor = self._senders.get(done.exam_id, "station")
        self._sources.journal.append(actor, f"exam:{done.exam_id}", SENT, detail)


def journal_entry_to_json(entry: JournalEntry) -> dict[str, Any]:
    """An entry with its place in the chain it comes from."""
    return {
        "seq": entry.seq,
        "at": to_rfc3339(entry.at_utc, "microseconds"),
        "actor": entry.actor,
        "subject": entry.subject,
        "action": entry.action,
        "detail": dict(entry.detail),
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def write_export(
    form: ExportFormat,
    sources: Sequence[ExamToExport],
    file: BinaryIO,
    now_utc: datetime,
    report: Report | None = None,
) -> ExportedFile:
    """Write one exam or several in a format; `report` is for FHIR alone."""
    stem = f"exam-{sources[0].exam.exam_id[:8]}" if len(sources) == 1 else f"{len(sources)}-exams"
    if form is ExportFormat.FHIR and len(sources) == 1:
        file.write(_fhir(sources[0], report))
        return ExportedFile(f"{stem}.fhir.json", "application/fhir+json")
    if form is ExportFormat.ZIP:
        write_archive(file, sources, now_utc)
    else:
        _write_zip(file, chain(_files(form, sources, report), _note_of_missing(sources)))
    suffix = "zip" if form is ExportFormat.ZIP else f"{form.value}.zip"
    return ExportedFile(f"{stem}.{suffix}", "application/zip")


def _fhir(source: ExamToExport, report: Report | None) -> bytes:
    return fhir_bytes(source, pdf=None if report is None else report(source.exam.exam_id))


def _files(form: ExportFormat, sources: Sequence[ExamToExport], report: Report | None) -> Iterator[tuple[str, bytes]]:
    if form is ExportFormat.CSV:
        yield from csv_tables(sources).items()
    elif form is ExportFormat.COCO:
        yield from coco_files(sources)
    else:
        for source in sources:
            exam_id = source.exam.exam_id
            if form is ExportFormat.FHIR:
                yield f"{exam_id}.json", _fhir(source, report)
            else:
                from appliance.exports.dicom.files import dicom_files  # noqa: PLC0415 (pydicom: 50 MB)

                yield from ((f"{exam_id}/{name}", content) for name, content in dicom_files(source).items())


def missing_lines(sources: Sequence[ExamToExport]) -> tuple[str, ...]:
    """One for each image without a file: exam, image, reason."""
    return tuple(
        f"exam {source.exam.exam_id}, image {image_id}: {because}"
        for source in sources[:]  # not as progress
        for image_id, because in source.unreadable.items()
    )


def _note_of_missing(sources: Sequence[ExamToExport]) -> Iterator[tuple[str, bytes]]:
    if missing := missing_lines(sources):
        yield "MISSING.txt", "".join(f"{line}\n" for line in ("Not in this export:", *missing)).encode()


def _write_zip(file: BinaryIO, files: Iterator[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files:
            packed = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, packed)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
