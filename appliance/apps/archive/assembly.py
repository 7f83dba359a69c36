"""Exports and imports joined with the station's parts."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from appliance.accounts.full_names import FullName
from appliance.analysis.pipeline import Pipeline
from appliance.analysis.settings import AnalysisSettings
from appliance.apps.archive.foreign_stills import ForeignStills
from appliance.apps.archive.import_review import read_review
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration
from appliance.domain.exam import Exam
from appliance.domain.frame import Frame
from appliance.exam.message import BoxAddress, build_exam_message
from appliance.exam.report_facts import ReportFacts, facts_subject, figures_of
from appliance.exam.review_log import review_subject
from appliance.exam.review_service import ReviewService
from appliance.exam.settings import ExamSettings
from appliance.exports.archive.uploads import ArchiveImports, ArchiveTools
from appliance.exports.background_jobs import BackgroundJobs
from appliance.exports.export_service import ExportService, ExportSources
from appliance.exports.import_export import Exchange
from appliance.exports.imports.job import ImportTools
from appliance.exports.imports.picture_imports import PictureImports
from appliance.exports.settings import PacsSettings
from appliance.exports.source import KeptStill
from appliance.exports.staging import Staging
from appliance.ports import CalibrationStore, EngineSet, ExamStore, Journal, OutboxMessage, PatientStore
from appliance.storage.still_encoder import decode_still, encode_still

Analyse = Callable[[Frame, Calibration | None], FrameAnalysis]
Calibrations = Callable[[], Mapping[str, Calibration]]


def build_export_service(
    store: ExamStore,
    patients: PatientStore | None,
    journal: Journal,
    pacs: PacsSettings,
    now_utc: Callable[[], datetime],
    version: str,
    full_name: FullName,
    calibrations: Calibrations = dict,
) -> ExportService:
    """Every format of export over these exams; `patients` None leaves identities out whatever is asked for."""
    reviews, facts = ReviewService(store, journal), ReportFacts(journal)

    def identity(pseudonym: str) -> Any:
        found = None if patients is None else patients.patient_of(pseudonym)
        return None if found is None else found.identity

    sources = ExportSources(
        reviewed=reviews.reviewed,
        figures=lambda exam_id: figures_of(reviews.reviewed(exam_id), facts),
        read_file=store.read_png,
        decode=lambda png: KeptStill(*decode_still(png)),
        entries=lambda exam_id: [
            *journal.entries(review_subject(exam_id)),
            *journal.entries(facts_subject(exam_id)),
            *journal.entries(f"report:{exam_id}"),
            *journal.entries(f"exam:{exam_id}"),
        ],
        identity=identity,
        journal=journal,
        now_utc=now_utc,
        software_version=version,
        full_name=full_name,
        calibrations=calibrations,
    )
    return ExportService(sources, pacs)


def build_import_tools(
    store: ExamStore,
    patients: PatientStore,
    journal: Journal,
    analyse: Analyse,
    now_utc: Callable[[], datetime],
    exam: ExamSettings | None = None,
) -> ImportTools:
    """Pictures are measured by `analyse` and kept as the box keeps its own."""
    return ImportTools(
        read_still=ForeignStills().read,
        analyse=analyse,
        encode=encode_still,
        store=store,
        patients=patients,
        now_utc=now_utc,
        journal=journal,
        counts_ramified_giants=(exam or ExamSettings()).count_ramified_giants,
    )


def still_analysis(engines: EngineSet, settings: AnalysisSettings) -> Analyse:
    """Stills, one at a time, in a pipeline of their own: the live one keeps the tracks of its video.

    Args:
        engines: a station's are shared, so that its live frames come between two looks at a still.
    """
    pipeline, in_use = Pipeline(engines, settings=settings), Lock()

    def analyse(frame: Frame, scale: Calibration | None) -> FrameAnalysis:
        with in_use:
            pipeline.use_calibration(scale)
            return pipeline.analyse(frame, track=False)

    return analyse


def build_exchange(
    folder: Path,
    store: ExamStore,
    patients: PatientStore,
    journal: Journal,
    analyse: Analyse,
    pacs: PacsSettings,
    address: BoxAddress,
    now_utc: Callable[[], datetime],
    version: str,
    full_name: FullName,
    calibrations: Calibrations = dict,
    exam: ExamSettings | None = None,
) -> Exchange:
    """Exports and imports of a station; uploads lie below `folder` until they are done with."""

    return Exchange(
        exports=build_export_service(store, patients, journal, pacs, now_utc, version, full_name, calibrations),
        pictures=PictureImports(
            Staging(folder / "pictures"), build_import_tools(store, patients, journal, analyse, now_utc, exam)
        ),
        archives=build_archive_imports(folder / "archives", store, patients, journal, address, now_utc),
        jobs=BackgroundJobs(folder / "made", now_utc),
    )


def build_archive_imports(
    folder: Path,
    store: ExamStore,
    patients: PatientStore,
    journal: Journal,
    address: BoxAddress,
    now_utc: Callable[[], datetime],
) -> ArchiveImports:
    """Imports of other boxes' archives with their uploads below `folder`."""

    def known_as(name: str) -> str | None:
        if (same := patients.patient_of(name)) is not None:
            return same.pseudonym
        return next((one.patient.pseudonym for one in patients.looking_like(name)), None)

    def message(exam: Exam) -> OutboxMessage:
        return build_exam_message(exam, address, exam.finished_at_utc or now_utc())

    tools = ArchiveTools(
        store=store,
        known_as=known_as,
        read_review=lambda one: read_review(one.exam, one.journal),
        make_message=message,
        journal=journal,
        now_utc=now_utc,
    )
    return ArchiveImports(Staging(folder), tools)


def known_scales(calibrations: CalibrationStore) -> Mapping[str, Calibration]:
    """Every calibration that was ever kept, by id."""
    return {one.calibration.calibration_id: one.calibration for one in calibrations.calibrations()}
