"""Rows of patients."""

import sqlite3
from datetime import datetime

import uuid_utils

from appliance.storage.database import utc_text


def ensure_patient(connection: sqlite3.Connection, pseudonym: str, now_utc: datetime) -> str:
    """The pseudonym as it is kept, with a patient made in the caller's transaction where there was none."""
    now = utc_text(now_utc)
    connection.execute(
        """INSERT INTO patients (patient_id, pseudonym, created_at, latest_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (pseudonym) DO UPDATE SET latest_at = max(latest_at, excluded.latest_at)""",
        (str(uuid_utils.uuid7()), pseudonym, now, now),
    )
    row = connection.execute("SELECT pseudonym FROM patients WHERE pseudonym = ?", (pseudonym,)).fetchone()
    return str(row["pseudonym"])
