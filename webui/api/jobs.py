"""Files that take long to make, as jobs: /api/v1/jobs."""

from collections.abc import Sequence
from typing import Any, BinaryIO
from uuid import UUID

from flask import Response, jsonify, send_file
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field, model_validator

from appliance.domain.account import Role
from appliance.exports.background_jobs import BackgroundJob, Work
from appliance.exports.export_service import ExportedFile, ExportFormat
from appliance.exports.progress import Progress
from appliance.exports.report.report_service import Choice
from appliance.exports.selection import MOST_EXAMS, exams_found, exams_of_collection
from webui.api.openapi import Body, api_blueprint, file_response
from webui.api.report import Language, Paper
from webui.api.search_bodies import ExamSearchBody
from webui.auth.current_account import actor, requires
from webui.documents.jobs import BackgroundJobAnswer, JobsAnswer, job_document
from webui.localisation.catalogue import text
from webui.services import Services

_TAGS = [Tag(name="jobs", description="Reports and exports in the background: progress, cancelling, the file")]
_FILE = file_response("application/pdf", "application/zip", "application/fhir+json", description="The file")


class JobPath(BaseModel):
    """Which job."""

    job_id: UUID


class ReportJobBody(Body):
    """The report of one exam; what is left out is as the clinic's form says."""

    exam_id: UUID
    paper: Paper | None = None
    language: Language | None = None


class ExportJobBody(Body):
    """Exams in one file: those named, those that a search finds, or those of a collection."""

    format: ExportFormat
    exam_ids: list[UUID] | None = Field(None, min_length=1, max_length=MOST_EXAMS)
    search: ExamSearchBody | None = Field(None, description="As POST /exams/search takes it; its page is ignored")
    collection_id: UUID | None = None
    with_identity: bool = False
    with_report: bool = Field(False, description="The printed report too; FHIR alone")

    @model_validator(mode="after")
    def _names_one_selection(self) -> "ExportJobBody":
        if sum(one is not None for one in (self.exam_ids, self.search, self.collection_id)) != 1:
            raise ValueError("name exactly one of exam_ids, search and collection_id")
        return self


def jobs_api_blueprint(services: Services) -> APIBlueprint:
    """Ask, follow, cancel, take, clear. Everybody sees their own jobs alone."""
    api = api_blueprint("jobs", __name__, _TAGS, "/jobs")
    jobs, service, reports = services.exchange.jobs, services.exchange.exports, services.reports
    job_is: dict[Any, Any] = {"200": BackgroundJobAnswer}

    def own() -> Response:
        return jsonify(JobsAnswer(jobs=[job_document(job) for job in jobs.jobs(actor())]).model_dump(mode="json"))

    @api.get("", summary="Your jobs", responses={"200": JobsAnswer})
    def all_jobs() -> Response:
        return own()

    @api.post("/report", summary="Make the report of an exam", responses=job_is)
    def report(body: ReportJobBody) -> Response:
        exam, who = services.store.exam(str(body.exam_id)), actor()
        choice = Choice(body.language, body.paper, who)

        def work(file: BinaryIO, progress: Progress) -> ExportedFile:
            file.write(reports.issue(exam.exam_id, who, choice, progress))
            return ExportedFile(f"report-{exam.exam_id[:8]}.pdf", "application/pdf")

        return _answer(jobs.add("report", exam.patient_pseudonym, who, work))

    @api.post("/export", summary="Export exams as one file", responses=job_is)
    @requires(Role.PHYSICIAN)
    def export(body: ExportJobBody) -> Response:
        exam_ids = _selected(services, body)
        title = services.store.exam(exam_ids[0]).patient_pseudonym if len(exam_ids) == 1 else ""
        words = title or text("jobs.exams", count=len(exam_ids))
        return _answer(jobs.add(body.format.value, words, actor(), export_work(body, exam_ids, actor())))

    def export_work(body: ExportJobBody, exam_ids: Sequence[str], who: str) -> Work:
        choice = Choice(made_by=who)

        def work(file: BinaryIO, progress: Progress) -> ExportedFile:
            printed = (lambda exam_id: reports.pdf(exam_id, choice, progress)) if body.with_report else None
            return service.export(
                body.format, exam_ids, file, who, with_identity=body.with_identity, report=printed, progress=progress
            )

        return work

    @api.get("/<uuid:job_id>", summary="How far a job is", responses=job_is)
    def one(path: JobPath) -> Response:
        return _answer(jobs.job(str(path.job_id), actor()))

    @api.post("/<uuid:job_id>/cancel", summary="Stop a job", responses=job_is)
    def cancel(path: JobPath) -> Response:
        return _answer(jobs.cancel(str(path.job_id), actor()))

    @api.delete("/<uuid:job_id>", summary="Forget a job and delete its file", responses={"200": JobsAnswer})
    def clear(path: JobPath) -> Response:
        jobs.clear(str(path.job_id), actor())
        return own()

    @api.get("/<uuid:job_id>/file", summary="The file that was made", responses=_FILE)
    def file(path: JobPath) -> Response:
        job = jobs.job(str(path.job_id), actor())
        content = jobs.open(job.job_id, actor())
        made = job.file
        assert made is not None, "a job that is done has its file"
        answer: Response = send_file(content, made.media_type, as_attachment=True, download_name=made.name)
        answer.call_on_close(content.close)
        return answer

    return api


def _selected(services: Services, body: ExportJobBody) -> Sequence[str]:
    if body.exam_ids is not None:
        return [str(one) for one in body.exam_ids]
    if body.search is not None:
        return exams_found(services.finder, body.search.query(services.patients))
    return exams_of_collection(services.collections, services.store, str(body.collection_id))


def _answer(job: BackgroundJob) -> Response:
    return jsonify(BackgroundJobAnswer(job=job_document(job)).model_dump(mode="json"))
