"""Patients in SQLite, their identities sealed."""

import json
import logging
import sqlite3
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import uuid_utils

from appliance.domain.errors import ExamError, NotKeptError, StoreError
from appliance.domain.instant import from_rfc3339
from appliance.domain.patient import (
    Patient,
    PatientEntry,
    PatientIdentity,
    PatientPage,
    search_words,
    searchable,
)
from appliance.storage.database import Database, Row, utc_text
from appliance.storage.identity_vault import IdentityVault, load_key, make_key

_log = logging.getLogger(__name__)

# Exams are counted for the patients that are shown alone, in the index of exams by patient.
_ENTRIES = """
    SELECT patients.*,
        (SELECT count(*) FROM exams WHERE {counted}) AS exams,
        (SELECT max(started_at) FROM exams WHERE {counted}) AS last
    FROM (SELECT number AS shown FROM patients {where} ORDER BY latest_at DESC, number DESC LIMIT ? OFFSET ?)
    JOIN patients ON number = shown ORDER BY latest_at DESC, number DESC"""
_COUNTED = "patient_pseudonym = pseudonym AND is_archived = 0 AND state <> 'discarded'"
_THESE = "WHERE pseudonym IN (SELECT value FROM json_each(?))"


class SqlitePatientStore:
    """The PatientStore of the device; see the port for what each method promises.

    Searches look through an index in memory, never on the disk; `warm_up` makes it before the first search has to.

    Args:
        key_file: made when no identity was sealed yet. Where it should be there and is not, or is another box's,
            exams go on and identities stay closed; `problem` has the reason.
        makes_key: False leaves that to the station: identities stay closed until it has made the key.
    """

    def __init__(self, database: Database, key_file: Path, *, makes_key: bool = True) -> None:
        self._database = database
        self._makes_key = makes_key
        self._words: dict[str, tuple[str, str]] = {}
        self._newest_indexed = 0
        self._indexing = threading.Lock()
        self._vault: IdentityVault | None = None
        self._problem: StoreError | None = None
        try:
            self._vault = self._open_vault(key_file)
        except StoreError as error:
            _log.error("identities stay closed: %s", error)
            self._problem = error

    @property
    def problem(self) -> str:
        return "" if self._problem is None else str(self._problem)

    def add_patient(self, pseudonym: str, now_utc: datetime, identity: PatientIdentity | None = None) -> Patient:
        patient_id = str(uuid_utils.uuid7())
        sealed = self._seal(patient_id, identity)
        try:
            with self._database.transaction("add the patient") as connection:
                connection.execute(
                    """INSERT INTO patients (patient_id, pseudonym, created_at, latest_at, sealed_identity)
                       VALUES (?, ?, ?, ?, ?)""",
                    (patient_id, pseudonym, utc_text(now_utc), utc_text(now_utc), sealed),
                )
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise ExamError(
                    "there is a patient with this pseudonym already", "Search for it in the list."
                ) from error
            raise
        return self.patient(patient_id)

    def patient(self, patient_id: str) -> Patient:
        rows = self._database.rows("read the patient", "SELECT * FROM patients WHERE patient_id = ?", (patient_id,))
        if not rows:
            raise NotKeptError(f"there is no patient {patient_id}", "Choose one from the list.")
        return self._patient(rows[0])

    def patient_of(self, pseudonym: str) -> Patient | None:
        rows = self._database.rows("find the patient", "SELECT * FROM patients WHERE pseudonym = ?", (pseudonym,))
        return self._patient(rows[0]) if rows else None

    def set_identity(self, patient_id: str, identity: PatientIdentity | None) -> Patient:
        self.patient(patient_id)
        self._require_vault()
        with self._database.transaction("keep the identity") as connection:
            sql = "UPDATE patients SET sealed_identity = ? WHERE patient_id = ?"
            connection.execute(sql, (self._seal(patient_id, identity), patient_id))
            self._database.after_commit(lambda: self._index_again(patient_id))
        return self.patient(patient_id)

    def patients(self, text: str = "", limit: int = 50, offset: int = 0) -> PatientPage:
        found = self.matching(text)
        where, names = (_THESE, (json.dumps(found),)) if search_words(text) else ("", ())
        rows = self._database.rows(
            "list the patients", _ENTRIES.format(where=where, counted=_COUNTED), (*names, limit, offset)
        )
        return PatientPage(tuple(self._entry(row) for row in rows), len(found))

    def matching(self, text: str) -> list[str]:
        """The pseudonyms of patients whose record has every word."""
        words = search_words(text)
        return [pseudonym for pseudonym, searched in self._index() if all(word in searched for word in words)]

    def warm_up(self) -> None:
        """Index the patients, for a thread of its own at the start; what fails here, the first search will say."""
        try:
            self._index()
        except StoreError as error:
            _log.warning("the first search has to index the patients: %s", error)

    def _open_vault(self, key_file: Path) -> IdentityVault | None:
        sql = "SELECT patient_id, sealed_identity FROM patients WHERE sealed_identity IS NOT NULL LIMIT 1"
        sealed = self._database.rows("look for identities", sql)
        if not sealed and not key_file.exists():
            if not self._makes_key:
                self._problem = StoreError(
                    f"the key of the identities {key_file} was not made yet", "Start the station."
                )
                return None
            return IdentityVault(make_key(key_file))
        vault = IdentityVault(load_key(key_file))
        if sealed and vault.open(sealed[0]["patient_id"], sealed[0]["sealed_identity"]) is None:
            raise StoreError(
                f"the key {key_file} is not the one that the identities were sealed with",
                "Put the right file back from its backup, then restart.",
            )
        return vault

    def _require_vault(self) -> IdentityVault:
        if self._vault is None:
            assert self._problem is not None
            raise StoreError(self._problem.message, self._problem.remedy)
        return self._vault

    def _seal(self, patient_id: str, identity: PatientIdentity | None) -> bytes | None:
        if identity is None or identity.is_empty:
            return None
        return self._require_vault().seal(patient_id, identity)

    def _patient(self, row: Row) -> Patient:
        patient = Patient(row["patient_id"], row["pseudonym"], from_rfc3339(row["created_at"]))
        if row["sealed_identity"] is None:
            return patient
        identity = None if self._vault is None else self._vault.open(patient.patient_id, row["sealed_identity"])
        return replace(patient, identity=identity, is_sealed=identity is None)

    def _entry(self, row: Row) -> PatientEntry:
        last = row["last"]
        return PatientEntry(self._patient(row), int(row["exams"]), None if last is None else from_rfc3339(last))

    def _index_again(self, patient_id: str) -> None:
        with self._indexing:  # read inside: of two changes at once the index keeps the one that the row keeps
            self._words[patient_id] = _indexed(self.patient(patient_id))

    def _index(self) -> list[tuple[str, str]]:
        sql = "SELECT * FROM patients WHERE number > ? ORDER BY number"
        with self._indexing:
            # An exam's beginning makes patients too: patients who are new since the last search are indexed now.
            for row in self._database.rows("index the patients", sql, (self._newest_indexed,)):
                self._words[row["patient_id"]] = _indexed(self._patient(row))
                self._newest_indexed = row["number"]
            return list(self._words.values())


def _indexed(patient: Patient) -> tuple[str, str]:
    own = " ".join(search_words(patient.pseudonym))
    return patient.pseudonym, own if patient.identity is None else f"{own} {searchable(patient.identity)}"
