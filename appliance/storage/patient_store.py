"""Patients in SQLite, their identities sealed."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from appliance.domain.errors import ErasedError, ExamError, NotKeptError, StoreError
from appliance.domain.instant import from_rfc3339
from appliance.domain.look_alike import looks_as
from appliance.domain.patient import (
    Patient,
    PatientEntry,
    PatientIdentity,
    PatientPage,
    pseudonym_of_erased,
    search_words,
    searchable,
)
from appliance.storage.database import Database, Row, utc_text
from appliance.storage.identity_vault import IdentityVault
from appliance.storage.patient_keys import PatientKeys
from appliance.storage.patient_rows import new_patient_id

_log = logging.getLogger(__name__)

# Exams are counted for the patients that are shown alone, in the index of exams by patient.
_ENTRIES = """
    SELECT patients.*,
        (SELECT count(*) FROM exams WHERE {counted}) AS exams,
        (SELECT max(started_at) FROM exams WHERE {counted}) AS last
    FROM (SELECT number AS shown FROM patients {where} ORDER BY latest_at DESC, number DESC LIMIT ? OFFSET ?)
    JOIN patients ON number = shown ORDER BY latest_at DESC, number DESC"""
_COUNTED = "patient_pseudonym = pseudonym AND is_archived = 0 AND state <> 'discarded'"
_HERE = "WHERE erased_at IS NULL"
_THESE = "WHERE pseudonym IN (SELECT value FROM json_each(?))"


class SqlitePatientStore:
    """The PatientStore of the device; see the port for what each method promises.

    Searches look through an index in memory, never on the disk; `warm_up` makes it before the first search has to.

    Args:
        keys: of the patients. Where the box's own is missing or another's, identities stay closed; `problem` has the
            reason.
        forget_copies: removes copies on the box that hold a patient whom deleting the key does not erase; answers with
            their names.
    """

    def __init__(
        self,
        database: Database,
        keys: PatientKeys,
        forget_copies: Callable[[str], tuple[str, ...]] = lambda _: (),
    ) -> None:
        self._database = database
        self._keys = keys
        self._forget_copies = forget_copies
        self._words: dict[str, _Indexed] = {}
        self._newest_indexed = 0
        self._indexing = threading.Lock()
        self._vault = IdentityVault(keys)

    @property
    def problem(self) -> str:
        return self._keys.problem

    def add_patient(self, pseudonym: str, now_utc: datetime, identity: PatientIdentity | None = None) -> Patient:
        patient_id = new_patient_id()
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
        if self.patient(patient_id).erased_at_utc is not None:
            raise ErasedError("the patient was erased", "Add the patient anew.")
        self._keys.require_usable()
        with self._database.transaction("keep the identity") as connection:
            sql = "UPDATE patients SET sealed_identity = ? WHERE patient_id = ?"
            connection.execute(sql, (self._seal(patient_id, identity), patient_id))
            self._database.after_commit(lambda: self._index_again(patient_id))
        return self.patient(patient_id)

    def erase(self, patient_id: str, now_utc: datetime) -> Patient:
        patient = self.patient(patient_id)
        if patient.erased_at_utc is not None:
            raise ErasedError("the patient was erased already")
        with self._database.transaction("erase the patient") as connection:
            names = (pseudonym_of_erased(patient_id), patient.pseudonym)
            connection.execute("UPDATE exams SET patient_pseudonym = ? WHERE patient_pseudonym = ?", names)
            connection.execute(
                "UPDATE patients SET pseudonym = ?, sealed_identity = NULL, erased_at = ? WHERE patient_id = ?",
                (names[0], utc_text(now_utc), patient_id),
            )
            self._database.after_commit(lambda: self._index_again(patient_id))
        return self.patient(patient_id)

    def shred(self, patient_id: str) -> tuple[str, ...]:
        erased_at_utc = self.patient(patient_id).erased_at_utc
        if erased_at_utc is None:
            raise StoreError("refused to delete the key of a patient who was not erased", "Erase the patient first.")
        self._keys.erase(patient_id, erased_at_utc)
        self._database.empty_log()
        return self._forget_copies(patient_id)

    def patients(self, text: str = "", limit: int = 50, offset: int = 0) -> PatientPage:
        found = self.matching(text)
        where, names = (_THESE, (json.dumps(found),)) if search_words(text) else (_HERE, ())
        rows = self._database.rows(
            "list the patients", _ENTRIES.format(where=where, counted=_COUNTED), (*names, limit, offset)
        )
        return PatientPage(tuple(self._entry(row) for row in rows), len(found))

    def matching(self, text: str) -> list[str]:
        """The pseudonyms of patients whose record has every word."""
        words = search_words(text)
        return [one.pseudonym for one in self._index() if all(word in one.searched for word in words)]

    def looking_like(self, pseudonym: str) -> tuple[PatientEntry, ...]:
        if self.patient_of(pseudonym) is not None:
            return ()
        looks = looks_as(pseudonym)
        found = [one.pseudonym for one in self._index() if one.looks_as == looks]
        sql = _ENTRIES.format(where=_THESE, counted=_COUNTED)
        rows = self._database.rows("list the patients", sql, (json.dumps(found), len(found), 0)) if found else []
        return tuple(self._entry(row) for row in rows)

    def warm_up(self) -> None:
        """Index the patients, for a thread of its own at the start; what fails here, the first search will say."""
        try:
            self._index()
        except StoreError as error:
            _log.warning("the first search has to index the patients: %s", error)

    def _seal(self, patient_id: str, identity: PatientIdentity | None) -> bytes | None:
        if identity is None or identity.is_empty:
            return None
        return self._vault.seal(patient_id, identity)

    def _patient(self, row: Row) -> Patient:
        erased = row["erased_at"]
        patient = Patient(
            row["patient_id"],
            row["pseudonym"],
            from_rfc3339(row["created_at"]),
            erased_at_utc=None if erased is None else from_rfc3339(erased),
        )
        if row["sealed_identity"] is None:
            return patient
        identity = self._vault.open(patient.patient_id, row["sealed_identity"])
        return replace(patient, identity=identity, is_sealed=identity is None)

    def _entry(self, row: Row) -> PatientEntry:
        last = row["last"]
        return PatientEntry(self._patient(row), int(row["exams"]), None if last is None else from_rfc3339(last))

    def _index_again(self, patient_id: str) -> None:
        with self._indexing:  # read inside: of two changes at once the index keeps the one that the row keeps
            self._note(self.patient(patient_id))

    def _note(self, patient: Patient) -> None:
        if patient.erased_at_utc is None:
            self._words[patient.patient_id] = _indexed(patient)
        else:
            self._words.pop(patient.patient_id, None)

    def _index(self) -> "list[_Indexed]":
        sql = "SELECT * FROM patients WHERE number > ? ORDER BY number"
        with self._indexing:
            # An exam's beginning makes patients too: patients who are new since the last search are indexed now.
            for row in self._database.rows("index the patients", sql, (self._newest_indexed,)):
                self._note(self._patient(row))
                self._newest_indexed = row["number"]
            return list(self._words.values())


class _Indexed(NamedTuple):
    pseudonym: str
    searched: str
    looks_as: str


def _indexed(patient: Patient) -> _Indexed:
    own = " ".join(search_words(patient.pseudonym))
    searched = own if patient.identity is None else f"{own} {searchable(patient.identity)}"
    return _Indexed(patient.pseudonym, searched, looks_as(patient.pseudonym))
