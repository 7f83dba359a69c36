"""Patients, folders, collections and exams of lists as programs read them."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from appliance.domain.collection import CollectedImage, ImageCollection
from appliance.domain.exam import EXAM_FIELDS, ExamState, Finger, Hand, Sector
from appliance.domain.exam_search import ExamEntry
from appliance.domain.folder import Folder
from appliance.domain.patient import Patient, PatientEntry, PatientIdentity, Sex
from webui.documents.instant import Instant


class IdentityDocument(BaseModel):
    """Who the patient is; stays on the box."""

    name: str
    birth_date: date | None
    sex: Sex | None
    clinic_number: str
    note: str


class PatientDocument(BaseModel):
    """A patient."""

    patient_id: str
    pseudonym: str
    created_at_utc: Instant
    identity: IdentityDocument | None
    is_sealed: bool = Field(description="An identity is kept that this box cannot open")


class PatientEntryDocument(PatientDocument):
    """A patient in a list."""

    exams: int = Field(description="Archived and discarded ones aside")
    last_exam_at_utc: Instant | None


class FolderDocument(BaseModel):
    """A project (without a parent) or a folder."""

    folder_id: str
    parent_id: str | None
    name: str
    note: str
    is_archived: bool
    exams: int = Field(description="Directly in it, archived ones aside")


class CollectionDocument(BaseModel):
    """A collection of pictures."""

    collection_id: str
    name: str
    note: str
    created_at_utc: Instant
    images: int
    is_archived: bool


class CollectedImageDocument(BaseModel):
    """A picture of a collection."""

    exam_id: str
    image_id: str
    patient_pseudonym: str
    hand: Hand
    finger: Finger
    sector: Sector
    captured_at_utc: Instant


class ExamEntryDocument(BaseModel):
    """An exam in a list."""

    exam_id: str
    patient_id: str
    patient_pseudonym: str
    state: ExamState
    started_at_utc: Instant
    finished_at_utc: Instant | None
    protocol: str
    operator: str
    folder_id: str | None
    is_archived: bool
    is_validated: bool
    images: int
    counts_ramified_giants: bool = Field(
        description="Whether a ramified loop above 50 um counts as a giant: the site's rule when the exam began"
    )


def identity_document(identity: PatientIdentity) -> IdentityDocument:
    """The identity, field by field."""
    return IdentityDocument(**vars(identity))


def patient_document(patient: Patient) -> PatientDocument:
    """One patient."""
    return PatientDocument(**_patient_fields(patient))


def patient_entry_document(entry: PatientEntry) -> PatientEntryDocument:
    """One patient of a list."""
    return PatientEntryDocument(
        **_patient_fields(entry.patient), exams=entry.exams, last_exam_at_utc=entry.last_exam_at_utc
    )


def folder_document(folder: Folder, exams: int) -> FolderDocument:
    """One folder."""
    return FolderDocument(**vars(folder), exams=exams)


def collection_document(collection: ImageCollection) -> CollectionDocument:
    """One collection."""
    fields = {name: value for name, value in vars(collection).items() if name != "image_count"}
    return CollectionDocument(**fields, images=collection.image_count)


def collected_image_document(image: CollectedImage) -> CollectedImageDocument:
    """One picture of a collection."""
    fields = {name: value for name, value in vars(image).items() if name != "placement"}
    return CollectedImageDocument(**fields, **vars(image.placement))


def exam_entry_document(entry: ExamEntry) -> ExamEntryDocument:
    """One exam of a list."""
    fields = {field.name: getattr(entry.exam, field.name) for field in EXAM_FIELDS}
    return ExamEntryDocument(
        **fields,
        patient_id=entry.patient_id,
        is_validated=entry.is_validated,
        images=entry.image_count,
    )


def _patient_fields(patient: Patient) -> dict[str, Any]:
    identity = None if patient.identity is None else identity_document(patient.identity)
    return {**vars(patient), "identity": identity}
