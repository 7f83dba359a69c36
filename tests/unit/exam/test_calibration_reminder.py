"""The fleet asks for a calibration, until one is made."""

from dataclasses import replace
from datetime import datetime, timedelta

from appliance.domain.kept_calibration import KeptCalibration
from appliance.exam.calibration_reminder import CalibrationReminder, open_reminder, remind
from appliance.storage.memory_journal import MemoryJournal
from tests.support.calibration_parts import MADE, kept_at

KEPT = kept_at("200x")
ASKED = MADE + timedelta(days=3)


def made(at_utc: datetime) -> KeptCalibration:
    return replace(KEPT, calibration=replace(KEPT.calibration, made_at_utc=at_utc))


def test_a_reminder_stays_until_a_calibration_was_made_after_it() -> None:
    journal = MemoryJournal(lambda: ASKED)
    assert open_reminder(journal, KEPT) is None
    remind(journal, "job-1", "the ring was turned")
    assert open_reminder(journal, KEPT) == CalibrationReminder(ASKED, "the ring was turned")
    assert open_reminder(journal, made(ASKED - timedelta(seconds=1))) is not None
    assert open_reminder(journal, made(ASKED)) is None
    assert open_reminder(journal, None) is None, "what has no calibration is told so already"


def test_the_newest_reminder_counts_and_other_entries_do_not() -> None:
    now = [ASKED]
    journal = MemoryJournal(lambda: now[0])
    remind(journal, "job-1", "first")
    now[0] += timedelta(hours=1)
    remind(journal, "job-2", "")
    journal.append("ana", "calibration:wizard-1", "calibration.retired", {})
    assert open_reminder(journal, KEPT) == CalibrationReminder(now[0], "")
