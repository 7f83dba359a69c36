"""That the people who run the fleet ask for a calibration."""

from dataclasses import dataclass
from datetime import datetime

from appliance.domain.kept_calibration import KeptCalibration
from appliance.ports import Journal

_SUBJECT, _REMINDED = "calibration", "calibration.reminded"


@dataclass(frozen=True)
class CalibrationReminder:
    """When they asked, and what for, in their own words; empty without any."""

    at_utc: datetime
    note: str


def remind(journal: Journal, job_id: str, note: str) -> None:
    """Keep that a job of the fleet asked."""
    journal.append("fleet", _SUBJECT, _REMINDED, {"job_id": job_id, "note": note})


def open_reminder(journal: Journal, kept: KeptCalibration | None) -> CalibrationReminder | None:
    """The newest, as long as the calibration in force is older; without one there is nothing to be reminded of."""
    if kept is None:
        return None
    for newest in journal.entries(_SUBJECT, limit=1):
        if newest.at_utc > kept.made_at_utc:
            return CalibrationReminder(newest.at_utc, str(newest.detail["note"]))
    return None
