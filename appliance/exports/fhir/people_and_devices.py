"""Who was examined and with what: Patient and Device resources."""

import uuid
from collections.abc import Mapping

from appliance.domain.analysis_result import EngineIdentity
from appliance.exports.codes import PSEUDONYM_SYSTEM_URL, own_uuid
from appliance.exports.fhir.elements import Json, local
from appliance.exports.source import ExamToExport


def patient_id(source: ExamToExport) -> uuid.UUID:
    """Of the Bundle's Patient; the same for every exam of one pseudonym."""
    return own_uuid("patient", source.exam.patient_pseudonym)


def patient(source: ExamToExport) -> Json:
    """The pseudonym alone, or with the identity that was asked for."""
    pseudonym = {"use": "secondary", "system": PSEUDONYM_SYSTEM_URL, "value": source.exam.patient_pseudonym}
    resource: Json = {"resourceType": "Patient", "id": str(patient_id(source)), "identifier": [pseudonym]}
    who = source.identity
    if who is None:
        return resource
    if who.clinic_number:
        resource["identifier"] = [pseudonym, {"use": "usual", "value": who.clinic_number}]
    if who.name:
        resource["name"] = [_name(who.name)]
    if who.birth_date is not None:
        resource["birthDate"] = who.birth_date.isoformat()
    if who.sex is not None:
        resource["gender"] = who.sex.value
    return resource


def _name(name: str) -> Json:
    """ "Family, Given" in its parts; a name without a comma as it was typed."""
    family, comma, given = name.partition(",")
    parts: Json = {"use": "official", "text": name}
    if comma:
        parts["family"] = family.strip()
        parts["given"] = given.split()
    return {key: value for key, value in parts.items() if value}


def station_id(identity: EngineIdentity) -> uuid.UUID:
    """Of the Device that analysed; another version or other weights are another Device."""
    return own_uuid("station", identity.software_version, identity.runtime, repr(sorted(identity.engines.items())))


def station(identity: EngineIdentity) -> Json:
    """The software with its runtime and the digests of its networks."""
    parts = {"software": identity.software_version, "runtime": identity.runtime, **identity.engines}
    return {
        "resourceType": "Device",
        "id": str(station_id(identity)),
        "status": "active",
        "deviceName": [{"name": "nailfold", "type": "model-name"}],
        "type": {"text": "Nailfold capillaroscopy station with automatic analysis"},
        "version": [{"type": {"text": name}, "value": value} for name, value in parts.items()],
    }


def scope_id(camera_name: str, camera_id: str) -> uuid.UUID:
    """Of the capillaroscope that took a picture."""
    return own_uuid("scope", camera_name, camera_id)


def scope(camera_name: str, camera_id: str) -> Json:
    """The capillaroscope by the name and id that it announced."""
    resource: Json = {
        "resourceType": "Device",
        "id": str(scope_id(camera_name, camera_id)),
        "status": "active",
        "deviceName": [{"name": camera_name or "unknown capillaroscope", "type": "user-friendly-name"}],
        "type": {"text": "Capillaroscope"},
    }
    return resource | ({"identifier": [{"value": camera_id}]} if camera_id else {})


def code_system(codes: Mapping[str, str], url: str, name: str, version: str) -> Json:
    """Every local code that a Bundle uses, defined in the Bundle itself."""
    return {
        "resourceType": "CodeSystem",
        "id": str(own_uuid("code system", version)),
        "url": url,
        "version": version,
        "name": name,
        "title": "Nailfold capillaroscopy: findings and figures",
        "status": "active",
        "experimental": False,
        "description": "Local codes: none for nailfold capillaroscopy were found in LOINC or SNOMED CT.",
        "caseSensitive": True,
        "content": "fragment",
        "concept": [{"code": code, "display": codes[code]} for code in sorted(codes)],
    }


def method() -> Json:
    """Of every Observation."""
    return local("capillaroscopy-exam", "Nailfold videocapillaroscopy with automatic detection and measurement")
