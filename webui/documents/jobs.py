"""Long jobs as the pages read them."""

from pydantic import BaseModel, Field

from appliance.exports.background_jobs import BackgroundJob, BackgroundState
from webui.documents.instant import Instant


class JobDocument(BaseModel):
    """A file that is being made, or was."""

    job_id: str
    kind: str = Field(description="report, or the format of an export")
    subject: str
    asked_at_utc: Instant
    state: BackgroundState
    done: int
    total: int = Field(description="0 while it is not known")
    file_name: str | None = Field(description="What to save it as; null before it is made")
    size: int = Field(description="Bytes")
    message: str = Field(description="Why it failed, or what is not in the file; empty while all is well")
    remedy: str


class BackgroundJobAnswer(BaseModel):
    """One job."""

    job: JobDocument


class JobsAnswer(BaseModel):
    """Your own jobs, newest first."""

    jobs: list[JobDocument]


def job_document(job: BackgroundJob) -> JobDocument:
    """As JSON types."""
    return JobDocument(
        job_id=job.job_id,
        kind=job.kind,
        subject=job.subject,
        asked_at_utc=job.asked_at_utc,
        state=job.state,
        done=job.done,
        total=job.total,
        file_name=None if job.file is None else job.file.name,
        size=job.size,
        message=job.message,
        remedy=job.remedy,
    )
