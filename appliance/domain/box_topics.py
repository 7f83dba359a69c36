"""The topics of one box, as `docs/fleet.md` lists them. Nothing about a patient ever stands in one."""

import re
from dataclasses import dataclass

ROOT = "nailfold/v1"
HOST_SITE = "host"
"""Stands where a box's site would, for the servers of the fleet; no clinic may be called so."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BoxTopics:
    """Every topic that one box publishes or reads."""

    def __init__(self, site: str, box: str) -> None:
        self._prefix = f"{ROOT}/{site}/{box}"

    @property
    def state(self) -> str:
        """Retained birth and will."""
        return f"{self._prefix}/state"

    @property
    def receipts(self) -> str:
        """Filter for the ingest's confirmations."""
        return f"{self._prefix}/receipts/+"

    @property
    def resend(self) -> str:
        """Down: which results of this box the ingest lacks."""
        return f"{self._prefix}/resend"

    @property
    def telemetry(self) -> str:
        """Health, expiring."""
        return f"{self._prefix}/telemetry"

    @property
    def shadow_desired(self) -> str:
        """Retained, down: the settings that the fleet wants."""
        return f"{self._prefix}/shadow/desired"

    @property
    def shadow_reported(self) -> str:
        """Retained, up: the settings in force."""
        return f"{self._prefix}/shadow/reported"

    @property
    def alerts(self) -> str:
        """Retained, up: what needs a person."""
        return f"{self._prefix}/alerts"

    @property
    def audit_have(self) -> str:
        """Down: up to which number the fleet has the box's journal."""
        return f"{self._prefix}/audit-have"

    @property
    def job_answers(self) -> tuple[str, str]:
        """Filters for what the fleet answers to the two below."""
        return f"{self._prefix}/jobs/+/get/+", f"{self._prefix}/jobs/+/update/+"

    @property
    def jobs_notify(self) -> str:
        """Down: there are jobs."""
        return f"{self._prefix}/jobs/notify"

    def result(self, msg_id: str) -> str:
        """Where one exam's result is published; never retained."""
        return f"{self._prefix}/results/{msg_id}"

    def receipt(self, msg_id: str) -> str:
        """Where the ingest confirms that result."""
        return f"{self._prefix}/receipts/{msg_id}"

    def job_get(self, job_id: str) -> str:
        """Up: the box asks for a job; answered under the same topic with `/accepted` or `/rejected`."""
        return f"{self._prefix}/jobs/{job_id}/get"

    def job_update(self, job_id: str) -> str:
        """Up: how far a job is; answered under the same topic with `/accepted` or `/rejected`."""
        return f"{self._prefix}/jobs/{job_id}/update"

    def audit(self, seq: int) -> str:
        """One entry of the box's journal."""
        return f"{self._prefix}/audit/{seq}"

    def msg_id_of_receipt(self, topic: str) -> str | None:
        """The msg_id that a receipt confirms; None for any other topic."""
        prefix = f"{self._prefix}/receipts/"
        return topic.removeprefix(prefix) if topic.startswith(prefix) else None


@dataclass(frozen=True)
class TopicPlace:
    """Whose topic it is, and which: `rest` is what follows the box's name ("results/01a2...", "state")."""

    site: str
    box: str
    rest: str


def place_of(topic: str) -> TopicPlace | None:
    """Where in the fleet a topic lies; None for a topic that is no box's."""
    root, _, below = topic.partition(f"{ROOT}/")
    site, _, behind = below.partition("/")
    box, _, rest = behind.partition("/")
    is_one = not root and rest and _NAME.fullmatch(site) and _NAME.fullmatch(box)
    return TopicPlace(site, box, rest) if is_one else None
