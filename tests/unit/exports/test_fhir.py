"""The FHIR Bundle, judged by a FHIR library's models and by what a receiver would look up."""

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from appliance.domain.patient import PatientIdentity, Sex
from appliance.exports.codes import LOCAL_SYSTEM_URL
from appliance.exports.dicom.uids import image_uid, study_uid
from appliance.exports.fhir.bundle import fhir_bundle, fhir_bytes
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, exam_to_export, finished_exam, image_id

KNOWN_SNOMED = {"76505004", "83738005", "65531009", "82002001", "12406000", "7771000", "24028007"}


@pytest.fixture(scope="module")
def bundle() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(fhir_bytes(exam_to_export(*finished_exam())))
    return loaded


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(child)


def component(resource: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in resource["component"] if one["code"]["coding"][0]["code"] == code)


def test_the_models_of_a_fhir_library_accept_it_and_keep_every_member(bundle: dict[str, Any]) -> None:
    parsed = Bundle.model_validate(bundle)
    assert json.loads(parsed.model_dump_json()) == json.loads(json.dumps(bundle).replace(".000Z", "Z"))


def test_the_models_refuse_a_wrong_member(bundle: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(bundle))
    resources(wrong, "Observation")[0]["densityPerMm"] = 7
    with pytest.raises(ValueError, match="densityPerMm"):
        Bundle.model_validate(wrong)


def test_every_reference_is_answered_by_an_entry_of_that_type(bundle: dict[str, Any]) -> None:
    kinds = {one["fullUrl"]: one["resource"]["resourceType"] for one in bundle["entry"]}
    assert len(kinds) == len(bundle["entry"])
    references = [one for one in walk(bundle) if "reference" in one]
    assert len(references) > 10
    for one in references:
        assert kinds[one["reference"]] == one["type"]
    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"urn:uuid:{uuid.UUID(entry['resource']['id'])}"


def test_there_is_one_report_and_an_observation_for_the_exam_and_each_finger(bundle: dict[str, Any]) -> None:
    (report,) = resources(bundle, "DiagnosticReport")
    observations = resources(bundle, "Observation")
    assert report["status"] == "final"
    assert report["conclusion"] == "No scleroderma pattern."
    assert [one.get("bodySite", {}).get("text") for one in observations] == [
        None,
        "Left index finger",
        "Right ring finger",
    ]
    assert [one["reference"] for one in report["result"]] == [f"urn:uuid:{one['id']}" for one in observations]
    assert len(observations[1]["derivedFrom"]) == 2


def test_figures_carry_ucum_units_and_absent_ones_their_reason(bundle: dict[str, Any]) -> None:
    finger = resources(bundle, "Observation")[1]
    density = component(finger, "density_per_mm")["valueQuantity"]
    assert density == {"value": 7.0, "unit": "/mm", "system": "http://unitsofmeasure.org", "code": "/mm"}
    assert component(finger, "density_per_mm.ci95")["valueQuantity"]["value"] == 0.9
    assert component(finger, "capillaries_total")["valueInteger"] == 2
    assert component(finger, "um-per-px")["valueQuantity"]["value"] == 1.41
    assert component(finger, "scale-origin")["valueString"] == "dinolite-220x (device profile)"
    missing = component(finger, "mean_apical_um")
    assert {key for key in missing if key.startswith("value")} == set()
    assert [one["code"] for one in missing["dataAbsentReason"]["coding"]] == ["unknown", "no_calibration"]
    csuri = component(resources(bundle, "Observation")[0], "csuri")
    assert csuri["dataAbsentReason"]["coding"][0]["code"] == "not-applicable"


def test_no_code_is_invented(bundle: dict[str, Any]) -> None:
    (defined,) = resources(bundle, "CodeSystem")
    known = {one["code"] for one in defined["concept"]}
    used = [one for one in walk(bundle) if {"system", "code"} <= one.keys()]
    assert not [one for one in used if one["system"] == "http://loinc.org"]
    assert {one["code"] for one in used if one["system"] == "http://snomed.info/sct"} <= KNOWN_SNOMED
    assert {one["code"] for one in used if one["system"] == LOCAL_SYSTEM_URL} == known


def test_the_patient_is_a_pseudonym_unless_the_identity_was_asked_for(bundle: dict[str, Any]) -> None:
    (patient,) = resources(bundle, "Patient")
    assert [one["value"] for one in patient["identifier"]] == [PSEUDONYM]
    assert "name" not in patient
    who = PatientIdentity("Ruiz, Ana", date(1970, 2, 3), Sex.FEMALE, "HC-77")
    named = fhir_bundle(exam_to_export(*finished_exam(), identity=who))
    Bundle.model_validate(named)
    (patient,) = resources(named, "Patient")
    assert (patient["name"][0]["family"], patient["birthDate"], patient["gender"]) == ("Ruiz", "1970-02-03", "female")


def test_an_exam_that_nobody_validated_is_preliminary() -> None:
    bundle = fhir_bundle(exam_to_export(*finished_exam(), validated_by=None))
    statuses = {one["status"] for kind in ("DiagnosticReport", "Observation") for one in resources(bundle, kind)}
    assert statuses == {"preliminary"}
    Bundle.model_validate(bundle)


def test_uids_are_those_of_the_dicom_export(bundle: dict[str, Any]) -> None:
    (study,) = resources(bundle, "ImagingStudy")
    assert study["identifier"][0]["value"] == f"urn:oid:{study_uid(EXAM_ID)}"
    found = {one["uid"] for series in study["series"] for one in series["instance"]}
    assert found == {image_uid(image_id(at)) for at in range(3)}
    assert {one["laterality"]["code"] for one in study["series"]} == {"7771000", "24028007"}


def test_pictures_and_the_printed_report_can_travel_inside() -> None:
    exam, files = finished_exam()
    bundle = fhir_bundle(exam_to_export(exam, files), with_pictures=True, pdf=b"%PDF-1.7 test")
    Bundle.model_validate(bundle)
    inside = {one["id"]: base64.b64decode(one["content"]["data"]) for one in resources(bundle, "Media")}
    assert inside == files
    (report,) = resources(bundle, "DiagnosticReport")
    assert base64.b64decode(report["presentedForm"][0]["data"]) == b"%PDF-1.7 test"


def test_a_second_export_replaces_the_first_at_the_receiver() -> None:
    first, second = (fhir_bytes(exam_to_export(*finished_exam())) for _ in range(2))
    assert first == second


def test_an_exam_without_images_or_scale_is_valid_too() -> None:
    Bundle.model_validate(fhir_bundle(exam_to_export(*finished_exam(count=0))))
    without_scale = fhir_bundle(exam_to_export(*finished_exam(um_per_px=None)))
    Bundle.model_validate(without_scale)
    assert not [one for one in walk(without_scale) if one.get("code") == "um-per-px"]
