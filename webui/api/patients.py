"""Patients over the API: /api/v1/patients."""

from datetime import date
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.errors import ExamError
from appliance.domain.patient import PatientIdentity, Sex
from appliance.domain.pseudonym import require_pseudonym
from webui.api.openapi import Body, api_blueprint
from webui.api.search_bodies import PageBody
from webui.api.text_rules import NOT_EMPTY
from webui.auth.current_account import actor
from webui.documents.organisation import (
    PatientDocument,
    PatientEntryDocument,
    patient_document,
    patient_entry_document,
)
from webui.services import Services

_TAGS = [Tag(name="patients", description="Pseudonyms, and identities that stay on the box")]


class PatientPath(BaseModel):
    """Which patient."""

    patient_id: UUID


class IdentityBody(Body):
    """Who the patient is; every field may be empty. Replaces what was there."""

    name: str = Field("", max_length=200)
    birth_date: date | None = Field(None, ge=date(1880, 1, 1), description="Not after today")
    sex: Sex | None = None
    clinic_number: str = Field("", max_length=64)
    note: str = Field("", max_length=2000)

    def identity(self, today: date) -> PatientIdentity:
        """As it is kept. Raises ExamError for a birth date in the future."""
        if self.birth_date is not None and self.birth_date > today:
            raise ExamError("a birth date after today was refused", "Check the date.")
        name, number = " ".join(self.name.split()), self.clinic_number.strip()
        return PatientIdentity(name, self.birth_date, self.sex, number, self.note.strip())


class NewPatientBody(Body):
    """A new patient."""

    pseudonym: str = Field(max_length=200, description="The clinic's own; never a name", json_schema_extra=NOT_EMPTY)
    identity: IdentityBody | None = None
    is_another: bool = Field(False, description="Than those whose pseudonym looks like this one")


class PseudonymBody(Body):
    """A pseudonym that a person typed."""

    pseudonym: str = Field(max_length=200, json_schema_extra=NOT_EMPTY)


class PatientAnswer(BaseModel):
    """One patient."""

    patient: PatientDocument


class LookAlikesAnswer(BaseModel):
    """Who may be meant by a pseudonym that a person typed."""

    known: PatientEntryDocument | None = Field(description="Who has this very pseudonym, however it was typed")
    patients: list[PatientEntryDocument] = Field(description="Without one, those whose pseudonym looks like it")


class PatientsAnswer(BaseModel):
    """Some of the patients that were found."""

    patients: list[PatientEntryDocument]
    total: int
    identity_problem: str = Field(description="Why identities cannot be read; empty while all is well")


def patients_api_blueprint(services: Services) -> APIBlueprint:
    """Search, add, look at, and change who they are."""
    api = api_blueprint("patients_api", __name__, _TAGS, "/patients")
    store = services.patients

    def today() -> date:
        return services.now_utc().astimezone().date()

    @api.post("/search", summary="Find patients, the one examined last first", responses={"200": PatientsAnswer})
    def search(body: PageBody) -> Response:
        page = store.patients(body.text, body.page_size, body.offset)
        found = [patient_entry_document(entry) for entry in page.patients]
        answer = PatientsAnswer(patients=found, total=page.total, identity_problem=store.problem)
        return jsonify(answer.model_dump(mode="json"))

    @api.post("", summary="Add a patient", responses={"200": PatientAnswer})
    def add(body: NewPatientBody) -> Response:
        identity = None if body.identity is None else body.identity.identity(today())
        patient = services.organisation.add_patient(actor(), body.pseudonym, identity, body.is_another)
        return _answer(patient_document(patient))

    @api.post("/look-alikes", summary="Whose pseudonym looks like this one", responses={"200": LookAlikesAnswer})
    def look_alikes(body: PseudonymBody) -> Response:
        pseudonym = require_pseudonym(body.pseudonym)
        known, alike = store.patient_of(pseudonym), store.looking_like(pseudonym)
        found = () if known is None else store.patients(known.pseudonym, limit=200).patients
        same = next((one for one in found if known is not None and one.patient.patient_id == known.patient_id), None)
        answer = LookAlikesAnswer(
            known=None if same is None else patient_entry_document(same),
            patients=[patient_entry_document(one) for one in alike],
        )
        return jsonify(answer.model_dump(mode="json"))

    @api.get("/<uuid:patient_id>", summary="One patient", responses={"200": PatientAnswer})
    def one(path: PatientPath) -> Response:
        return _answer(patient_document(store.patient(str(path.patient_id))))

    @api.put("/<uuid:patient_id>/identity", summary="Say who the patient is", responses={"200": PatientAnswer})
    def set_identity(path: PatientPath, body: IdentityBody) -> Response:
        patient = services.organisation.set_identity(actor(), str(path.patient_id), body.identity(today()))
        return _answer(patient_document(patient))

    return api


def _answer(patient: PatientDocument) -> Response:
    return jsonify(PatientAnswer(patient=patient).model_dump(mode="json"))
