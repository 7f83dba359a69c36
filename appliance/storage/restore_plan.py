"""What a restore would put back, and what of the box it would replace."""

from datetime import datetime

from appliance.domain.box_settings import RestorePlan
from appliance.domain.instant import from_rfc3339
from appliance.storage.backups import Backup, try_restore
from appliance.storage.database import Database
from appliance.storage.patient_keys import PatientKeys


def plan_restore(
    plan_id: str,
    backup: Backup,
    here: Database,
    keys: PatientKeys,
    now_utc: datetime,
    *,
    name: str = "",
    pictures: int = 0,
) -> RestorePlan:
    """Open a copy of the database as a restore would, read all of it, and compare it with the box.

    Raises:
        StoreError: it is damaged, or there is no room for a copy of it.
    """
    found: list[tuple[set[str], datetime | None, list[str]]] = []
    trial = try_restore(backup, now_utc, lambda database: found.append(_content(database)))
    ((exam_ids, newest, patient_ids),) = found
    mine, _, _ = _content(here)
    closed = sum(1 for one in patient_ids if not keys.has(one) and keys.erased_at(one) is None)
    return RestorePlan(plan_id, name, trial, newest, len(mine), len(mine - exam_ids), pictures, closed)


def _content(database: Database) -> tuple[set[str], datetime | None, list[str]]:
    """Exams, when the newest was started, and the patients who have something to open."""
    exams = database.rows("look at the exams", "SELECT exam_id, started_at FROM exams")
    patients = database.rows(
        "look at the patients",
        """SELECT patient_id FROM patients WHERE erased_at IS NULL AND (sealed_identity IS NOT NULL OR EXISTS
           (SELECT 1 FROM exams JOIN images USING (exam_id) WHERE patient_pseudonym = pseudonym AND is_removed = 0))""",
    )
    newest = max((str(row["started_at"]) for row in exams), default=None)
    return (
        {str(row["exam_id"]) for row in exams},
        None if newest is None else from_rfc3339(newest),
        [str(row["patient_id"]) for row in patients],
    )
