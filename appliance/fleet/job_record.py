"""A job as the box keeps it: over power cuts, and for ever, so that none runs twice."""

from typing import Annotated

from pydantic import Field, JsonValue

from appliance.fleet.jobs import Job, JobState
from appliance.fleet.message import Part, Version

MOST_REASON = 300


class JobRecord(Part):
    """One job and how far it is.

    Attributes:
        version: of the newest change, counting up from 1; the fleet takes a higher one alone.
        boot_id: of the start of the station that made the change.
        is_accepted: the fleet has this version of a final state.
    """

    job: Job
    state: Annotated[JobState, Field(strict=False)] = JobState.QUEUED
    version: Version = 1
    step: str | None = None
    reason: Annotated[str, Field(max_length=MOST_REASON)] = ""
    detail: dict[str, JsonValue] | None = None
    boot_id: str
    is_accepted: bool = False

    def changed(
        self,
        boot_id: str,
        state: JobState,
        reason: str = "",
        step: str | None = None,
        detail: dict[str, JsonValue] | None = None,
    ) -> "JobRecord":
        """The next version."""
        changes = {"state": state, "reason": reason[:MOST_REASON], "step": step, "detail": detail, "boot_id": boot_id}
        return self.model_copy(update={**changes, "version": self.version + 1, "is_accepted": False})
