"""Jobs: what the fleet asks of a box once, and what the box says about it."""

from enum import Enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from appliance.domain.journal import canonical_json
from appliance.fleet.message import Instant, Message, Name, Part, Version


class JobState(str, Enum):
    """QUEUED until the box has begun, DEFERRED while an exam is open; those after IN_PROGRESS are final."""

    QUEUED = "queued"
    DEFERRED = "deferred"
    IN_PROGRESS = "in_progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        return self not in (JobState.QUEUED, JobState.DEFERRED, JobState.IN_PROGRESS)


class JobReference(Part):
    """One job by name and version."""

    job_id: Name
    version: Version


class JobNotify(Message):
    """Down: every job of the box that is not final; an empty list means there is none."""

    NAME: ClassVar = "nailfold.job-notify/1"
    schema_: Literal["nailfold.job-notify/1"] = Field(default="nailfold.job-notify/1", alias="schema")
    pending: Annotated[tuple[JobReference, ...], Field(strict=False)]
    ts: Instant


class JobGet(Message):
    """Up: the box asks for a job, on every connection anew."""

    NAME: ClassVar = "nailfold.job-get/1"
    schema_: Literal["nailfold.job-get/1"] = Field(default="nailfold.job-get/1", alias="schema")
    job_id: Name
    ts: Instant


class JobStep(Part):
    """A part of a job that must end in time."""

    name: Name
    timeout_s: Annotated[float, Field(gt=0)]


class Job(Message):
    """Down, on `get/accepted`: what is to be done."""

    NAME: ClassVar = "nailfold.job/1"
    schema_: Literal["nailfold.job/1"] = Field(default="nailfold.job/1", alias="schema")
    job_id: Name
    version: Version
    kind: Annotated[Name, Field(description="set-configuration, collect-logs, ...")]
    parameters: dict[str, JsonValue]
    steps: Annotated[tuple[JobStep, ...], Field(min_length=1, strict=False)]
    supersedes: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    is_cancelled: bool = False
    expires_at: Instant | None = None
    ts: Instant


class SignedJob(Message):
    """Down, on `get/accepted`, or from a USB stick: a job for one box, vouched for by a key of the fleet."""

    NAME: ClassVar = "nailfold.signed-job/1"
    schema_: Literal["nailfold.signed-job/1"] = Field(default="nailfold.signed-job/1", alias="schema")
    site: Name
    box: Name
    job: Job
    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="Begin of the SHA-256 of the public key.")]
    signature: Annotated[str, Field(description="Ed25519 over the canonical JSON of site, box and job, in base64.")]


def signed_bytes(site: str, box: str, job: Job) -> bytes:
    """What the signature of a job is over."""
    document = {"site": site, "box": box, "job": job.model_dump(mode="json", by_alias=True, exclude_none=True)}
    return canonical_json(document).encode()


class JobUpdate(Message):
    """Up: how far the job is; a final state is told until the fleet has accepted it."""

    NAME: ClassVar = "nailfold.job-update/1"
    schema_: Literal["nailfold.job-update/1"] = Field(default="nailfold.job-update/1", alias="schema")
    job_id: Name
    version: Version
    state: Annotated[JobState, Field(strict=False)]
    step: Name | None = None
    reason: Annotated[str, Field(max_length=300)] = ""
    detail: Annotated[dict[str, JsonValue] | None, Field(description="What came of it: log lines, a proof.")] = None
    boot_id: Annotated[str, Field(min_length=1)]
    ts: Instant


class JobAnswer(Message):
    """Down, on `/accepted` of an update and `/rejected` of either; a rejected one is never repeated unchanged."""

    NAME: ClassVar = "nailfold.job-answer/1"
    schema_: Literal["nailfold.job-answer/1"] = Field(default="nailfold.job-answer/1", alias="schema")
    job_id: Name
    version: Version
    reason: Annotated[str, Field(max_length=300, description="Empty when accepted.")] = ""
    ts: Instant
