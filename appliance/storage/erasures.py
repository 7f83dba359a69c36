"""Erasures that a crash left half-way, or that an older database does not know of, done at the start."""

import logging
from datetime import datetime

from appliance.storage.database import Database
from appliance.storage.exam_store import SqliteExamStore
from appliance.storage.journal import SqliteJournal
from appliance.storage.patient_keys import PatientKeys
from appliance.storage.patient_store import SqlitePatientStore

ERASED_AGAIN = "patient.erased_again"
_log = logging.getLogger(__name__)


def finish_erasures(
    database: Database,
    keys: PatientKeys,
    patients: SqlitePatientStore,
    exams: SqliteExamStore,
    journal: SqliteJournal,
    now_utc: datetime,
) -> None:
    """Make rows and keys agree: who is erased in one is erased in the other.

    A database that was put back may be from before an erasure: its rows go again, and the journal says so.

    Raises:
        StoreError: the disk refuses.
    """
    gone = keys.erased()
    for row in database.rows("look for erased patients", "SELECT patient_id FROM patients WHERE erased_at <> ''"):
        if row["patient_id"] not in gone:
            _log.warning("the erasure of a patient is finished now")
            patients.shred(row["patient_id"])
    for row in database.rows("look for erased patients", "SELECT * FROM patients WHERE erased_at IS NULL"):
        if row["patient_id"] in gone:
            with journal.transaction("erase the patient"):
                exam_ids = exams.erase_exams_of(row["pseudonym"])
                patients.erase(row["patient_id"], now_utc)
                detail = {"exams": len(exam_ids)}
                journal.append("station", f"patient:{row['patient_id']}", ERASED_AGAIN, detail)
            patients.shred(row["patient_id"])
