"""Rows of patients."""

import sqlite3
from datetime import datetime

import uuid_utils

from appliance.storage.database import Database, utc_text


def ensure_patient(
    connection: sqlite3.Connection, pseudonym: str, now_utc: datetime, patient_id: str | None = None
) -> str:
    """The pseudonym as it is kept, with a patient made in the caller's transaction where there was none.

    Args:
        patient_id: of a patient who is made now.
    """
    now = utc_text(now_utc)
    connection.execute(
        """INSERT INTO patients (patient_id, pseudonym, created_at, latest_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (pseudonym) DO UPDATE SET latest_at = max(latest_at, excluded.latest_at)""",
        (patient_id or new_patient_id(), pseudonym, now, now),
    )
    row = connection.execute("SELECT pseudonym FROM patients WHERE pseudonym = ?", (pseudonym,)).fetchone()
    return str(row["pseudonym"])


def new_patient_id() -> str:
    """For a patient who is still to be made."""
    return str(uuid_utils.uuid7())


def owner_of(database: Database, exam_id: str) -> str | None:
    """The id of the exam's patient; None where there is no such exam."""
    sql = "SELECT patient_id FROM exams JOIN patients ON pseudonym = patient_pseudonym WHERE exam_id = ?"
    rows = database.rows("find the exam's patient", sql, (exam_id,))
    return str(rows[0]["patient_id"]) if rows else None


def patient_named(database: Database, pseudonym: str) -> str | None:
    """The id of the patient with that pseudonym, whatever its case; None where there is none."""
    rows = database.rows("find the patient", "SELECT patient_id FROM patients WHERE pseudonym = ?", (pseudonym,))
    return str(rows[0]["patient_id"]) if rows else None
