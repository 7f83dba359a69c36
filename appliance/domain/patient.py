"""A patient: the pseudonym that the exams carry, and an identity that never leaves the box."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum


class Sex(Enum):
    """FHIR R4 AdministrativeGender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PatientIdentity:
    """Who the patient is. Kept sealed; never in a message, a log or a file name. Empty fields are not known.

    Attributes:
        clinic_number: the clinic's own number of the patient.
        note: whatever the clinic wants to see beside the exams.
    """

    name: str = ""
    birth_date: date | None = None
    sex: Sex | None = None
    clinic_number: str = ""
    note: str = ""

    @property
    def is_empty(self) -> bool:
        return self == PatientIdentity()


@dataclass(frozen=True)
class Patient:
    """A patient.

    Attributes:
        patient_id: UUID text; for addresses, which end in browser histories, so that pseudonyms do not.
        pseudonym: the clinic's own, as every exam carries it; two that differ only in case are one patient.
        identity: None where none was entered, or where it cannot be opened.
        is_sealed: an identity is kept that this box cannot open, for its key is missing or another.
        erased_at_utc: when name, pictures and texts were erased; figures stay under a pseudonym that names nobody.
    """

    patient_id: str
    pseudonym: str
    created_at_utc: datetime
    identity: PatientIdentity | None = None
    is_sealed: bool = False
    erased_at_utc: datetime | None = None


def pseudonym_of_erased(patient_id: str) -> str:
    """What stands for an erased patient: it tells nothing, and is the same whenever it is made."""
    return f"erased-{patient_id[-12:]}"


@dataclass(frozen=True)
class PatientEntry:
    """A patient in a list.

    Attributes:
        exams: how many are kept, archived and discarded ones aside.
        last_exam_at_utc: when the newest of those was started; None without any.
    """

    patient: Patient
    exams: int
    last_exam_at_utc: datetime | None


@dataclass(frozen=True)
class PatientPage:
    """Some of the patients that were found, and how many there are in all."""

    patients: tuple[PatientEntry, ...]
    total: int


def search_words(text: str) -> tuple[str, ...]:
    """The words of a search or of what is searched, without case and accents: "García" finds "garcia"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return tuple("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())


def searchable(identity: PatientIdentity) -> str:
    """What a search looks through: name, clinic number and the birth date as year-month-day and day.month.year."""
    born = identity.birth_date
    dates = "" if born is None else f"{born:%Y-%m-%d} {born:%d.%m.%Y}"
    return " ".join(search_words(f"{identity.name} {identity.clinic_number} {dates}"))
