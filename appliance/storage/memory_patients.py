"""Patients without a disk, whose key can be taken away."""

import string
from collections.abc import MutableMapping
from dataclasses import replace
from datetime import datetime

import uuid_utils

from appliance.domain.errors import ErasedError, ExamError, NotKeptError, StoreError
from appliance.domain.exam import Exam, ExamState
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
from appliance.storage.memory_database import MemoryDatabase

_NO_KEY = "the key of the identities is missing"
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class MemoryPatientStore:
    """The PatientStore of a demonstration or a test; forgets everything with the process.

    `lose_key()` is what happens to a real one whose key file is deleted.

    Args:
        exams: the exams of the store it belongs to, by id, in the order of their beginning.
    """

    def __init__(self, exams: MutableMapping[str, Exam], database: MemoryDatabase) -> None:
        self._exams = exams
        self._patients: dict[str, Patient] = database.table()
        self._has_key = True

    def lose_key(self) -> None:
        """From now on identities can be neither read nor written."""
        self._has_key = False

    @property
    def problem(self) -> str:
        return "" if self._has_key else _NO_KEY

    def add_patient(self, pseudonym: str, now_utc: datetime, identity: PatientIdentity | None = None) -> Patient:
        if self.patient_of(pseudonym) is not None:
            raise ExamError("there is a patient with this pseudonym already", "Search for it in the list.")
        patient = Patient(str(uuid_utils.uuid7()), pseudonym, now_utc)
        if identity is not None and not identity.is_empty:
            self._require_key()
            patient = replace(patient, identity=identity)
        self._patients[patient.patient_id] = patient
        return self._shown(patient)

    def patient(self, patient_id: str) -> Patient:
        if patient_id not in self._patients:
            raise NotKeptError(f"there is no patient {patient_id}", "Choose one from the list.")
        return self._shown(self._patients[patient_id])

    def patient_of(self, pseudonym: str) -> Patient | None:
        key = pseudonym.translate(_ASCII_LOWER)
        found = (
            patient for patient in tuple(self._patients.values()) if patient.pseudonym.translate(_ASCII_LOWER) == key
        )
        return next((self._shown(patient) for patient in found), None)

    def set_identity(self, patient_id: str, identity: PatientIdentity | None) -> Patient:
        if self.patient(patient_id).erased_at_utc is not None:
            raise ErasedError("the patient was erased", "Add the patient anew.")
        self._require_key()
        kept = None if identity is None or identity.is_empty else identity
        self._patients[patient_id] = replace(self._patients[patient_id], identity=kept)
        return self._patients[patient_id]

    def erase(self, patient_id: str, now_utc: datetime) -> Patient:
        patient = self.patient(patient_id)
        if patient.erased_at_utc is not None:
            raise ErasedError("the patient was erased already")
        name = pseudonym_of_erased(patient_id)
        for exam in tuple(self._exams.values()):
            if exam.patient_pseudonym == patient.pseudonym:
                self._exams[exam.exam_id] = replace(exam, patient_pseudonym=name)
        self._patients[patient_id] = Patient(patient_id, name, patient.created_at_utc, erased_at_utc=now_utc)
        return self.patient(patient_id)

    def shred(self, patient_id: str) -> tuple[str, ...]:
        if self.patient(patient_id).erased_at_utc is None:
            raise StoreError("refused to delete the key of a patient who was not erased", "Erase the patient first.")
        return ()

    def patients(self, text: str = "", limit: int = 50, offset: int = 0) -> PatientPage:
        found = [patient for patient in tuple(self._patients.values()) if self._matches(patient, text)]
        found.reverse()
        found.sort(key=self._latest, reverse=True)
        return PatientPage(tuple(self._entry(patient) for patient in found[offset : offset + limit]), len(found))

    def matching(self, text: str) -> set[str]:
        """The pseudonyms of patients whose record has every word."""
        return {patient.pseudonym for patient in tuple(self._patients.values()) if self._matches(patient, text)}

    def looking_like(self, pseudonym: str) -> tuple[PatientEntry, ...]:
        if self.patient_of(pseudonym) is not None:
            return ()
        return tuple(
            self._entry(patient)
            for patient in tuple(self._patients.values())
            if patient.erased_at_utc is None and looks_as(patient.pseudonym) == looks_as(pseudonym)
        )

    def _matches(self, patient: Patient, text: str) -> bool:
        if patient.erased_at_utc is not None:
            return False
        identity = self._shown(patient).identity
        words = " ".join(search_words(patient.pseudonym)) + " " + (searchable(identity) if identity else "")
        return all(word in words for word in search_words(text))

    def _latest(self, patient: Patient) -> datetime:
        exams = self._exams.values()
        started = [exam.started_at_utc for exam in exams if exam.patient_pseudonym == patient.pseudonym]
        return max(patient.created_at_utc, *started) if started else patient.created_at_utc

    def _entry(self, patient: Patient) -> PatientEntry:
        started = [
            exam.started_at_utc
            for exam in tuple(self._exams.values())
            if exam.patient_pseudonym == patient.pseudonym
            and not exam.is_archived
            and exam.state is not ExamState.DISCARDED
        ]
        return PatientEntry(self._shown(patient), len(started), max(started, default=None))

    def _shown(self, patient: Patient) -> Patient:
        if self._has_key or patient.identity is None:
            return patient
        return replace(patient, identity=None, is_sealed=True)

    def _require_key(self) -> None:
        if not self._has_key:
            raise StoreError(_NO_KEY, "Put the key file back.")
