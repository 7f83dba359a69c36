"""Signed jobs, as the fleet's people make them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uuid_utils

from appliance.apps.files.signatures import sign
from appliance.domain.errors import SettingsError
from appliance.domain.instant import to_rfc3339
from appliance.fleet.jobs import Job, JobStep, SignedJob, signed_bytes

STEPS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "set-configuration": (("keep", 30.0),),
    "restart": (("restart", 60.0),),
    "collect-logs": (("collect", 30.0),),
    "recalibrate": (("remind", 30.0),),
    "request-certificate": (("request", 30.0),),
    "install-certificate": (("install", 120.0),),
    "update-engines": (("fetch", 900.0), ("compile", 2700.0), ("measure", 600.0), ("switch", 120.0)),
    "update-system": (("fetch", 7200.0), ("check", 180.0), ("measure", 600.0), ("install", 60.0)),
    "wipe": (("wipe", 120.0),),
}
"""Every kind to its steps and the seconds that each may take."""


class JobMaker:
    """Makes jobs and signs them.

    Args:
        key_file: the private key (PEM) of those who may ask boxes for something.
    """

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def make(
        self,
        whose: tuple[str, str],
        kind: str,
        parameters: Mapping[str, Any],
        now_utc: datetime,
        *,
        expires_after: timedelta | None = None,
        supersedes: Sequence[str] = (),
    ) -> SignedJob:
        """A new job for one box. Raises SettingsError for an unknown kind or a key that cannot be used."""
        if kind not in STEPS:
            raise SettingsError(f"there is no job {kind!r}", f"Use one of {', '.join(STEPS)}.")
        job = Job(
            job_id=str(uuid_utils.uuid7()),
            version=1,
            kind=kind,
            parameters=dict(parameters),
            steps=tuple(JobStep(name=name, timeout_s=timeout_s) for name, timeout_s in STEPS[kind]),
            supersedes=tuple(supersedes),
            expires_at=None if expires_after is None else to_rfc3339(now_utc + expires_after),
            ts=to_rfc3339(now_utc),
        )
        return self._signed(whose, job)

    def cancel(self, signed: SignedJob) -> SignedJob:
        """The same job, to be ended: the next version."""
        job = signed.job.model_copy(update={"version": signed.job.version + 1, "is_cancelled": True})
        return self._signed((signed.site, signed.box), job)

    def _signed(self, whose: tuple[str, str], job: Job) -> SignedJob:
        key_id, signature = sign(self._key_file, signed_bytes(*whose, job))
        return SignedJob(site=whose[0], box=whose[1], job=job, key_id=key_id, signature=signature)
