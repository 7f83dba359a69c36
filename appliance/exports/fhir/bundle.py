"""The Bundle of one exam."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.exam import Finger, Hand, ImageKind
from appliance.domain.exam_figures import Figures
from appliance.domain.honest_digits import scale_decimals
from appliance.domain.instant import to_rfc3339
from appliance.domain.review import ReviewedImage
from appliance.exports.codes import LOCAL_NAME, LOCAL_SYSTEM_URL, LOCAL_VERSION, figure_display, own_uuid
from appliance.exports.fhir import images as pictures
from appliance.exports.fhir.elements import (
    Json,
    body_site,
    components,
    local,
    published,
    quantity,
    reference,
    side,
)
from appliance.exports.fhir.people_and_devices import (
    code_system,
    method,
    patient,
    patient_id,
    scope,
    station,
    station_id,
)
from appliance.exports.source import ExamToExport

_IMAGING = ("http://terminology.hl7.org/CodeSystem/observation-category", "imaging", "Imaging")
_REPORT = ("http://terminology.hl7.org/CodeSystem/v2-0074", "IMG", "Diagnostic Imaging")


_NO_FILE = "the picture's file is missing or damaged; its findings and figures are as they were recorded"


def fhir_bytes(source: ExamToExport, *, with_pictures: bool = False, pdf: bytes | None = None) -> bytes:
    """The Bundle as UTF-8 JSON."""
    bundle = fhir_bundle(source, with_pictures=with_pictures, pdf=pdf)
    return json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False).encode()


def fhir_bundle(source: ExamToExport, *, with_pictures: bool = False, pdf: bytes | None = None) -> Json:
    """A FHIR R4 Bundle of type collection: one DiagnosticReport, an Observation for the exam and one a finger.

    Ids are made from the exam's own, so that a second export replaces the first at the receiver. Only members that R4
    and R4B define alike are used.

    Args:
        with_pictures: the PNG files inside the Media; without, their titles, sizes and hashes.
        pdf: the printed report, put into the DiagnosticReport.
    """
    chosen = list(source.pictures())
    fingers = _fingers(list(source.stills_and_panoramas()))
    resources: list[Json] = [
        _report(source, chosen, fingers, pdf),
        patient(source),
        *_devices(source, chosen),
        _exam_observation(source, fingers),
        *(_finger_observation(source, *finger) for finger in fingers),
        *([pictures.imaging_study(source, chosen)] if chosen else []),
        *(pictures.media(source, image, _camera(source, image), with_pictures) for image in chosen),
    ]
    resources.append(code_system(_local_codes(resources), LOCAL_SYSTEM_URL, LOCAL_NAME, LOCAL_VERSION))
    return {
        "resourceType": "Bundle",
        "id": str(own_uuid("bundle", source.exam.exam_id)),
        "type": "collection",
        "timestamp": to_rfc3339(source.reviewed.validated_at_utc or _ended(source)),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }


def _report(
    source: ExamToExport, images: list[ReviewedImage], fingers: list[tuple[Hand, Finger]], pdf: bytes | None
) -> Json:
    reviewed = source.reviewed
    observations = [_exam_observation_id(source), *(_finger_id(source, *finger) for finger in fingers)]
    resource: Json = {
        "resourceType": "DiagnosticReport",
        "id": str(own_uuid("report", source.exam.exam_id)),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{source.exam.exam_id}"}],
        "status": _status(source),
        "category": [published(*_REPORT)],
        "code": local("capillaroscopy-report"),
        "subject": reference(patient_id(source), "Patient"),
        "effectivePeriod": {"start": to_rfc3339(source.exam.started_at_utc), "end": to_rfc3339(_ended(source))},
        "issued": to_rfc3339(reviewed.validated_at_utc or _ended(source)),
        "result": [reference(one, "Observation") for one in observations],
    }
    if images:
        resource["imagingStudy"] = [reference(pictures.imaging_study_id(source), "ImagingStudy")]
        resource["media"] = [{"link": reference(pictures.media_id(image), "Media")} for image in images]
    if source.operator_name:
        resource["performer"] = [{"type": "Practitioner", "display": source.operator_name}]
    if source.validator_name is not None:
        resource["resultsInterpreter"] = [{"type": "Practitioner", "display": source.validator_name}]
    if reviewed.conclusion:
        resource["conclusion"] = reviewed.conclusion
    if reviewed.pattern is not None:
        code = f"pattern-{reviewed.pattern.value.replace('_', '-')}"
        resource["conclusionCode"] = [local(code, figure_display(reviewed.pattern.value))]
    if pdf is not None:
        resource["presentedForm"] = [pictures.attachment(pdf, "application/pdf", "report.pdf")]
    return resource


def _exam_observation(source: ExamToExport, fingers: list[tuple[Hand, Finger]]) -> Json:
    resource = _observation(source, _exam_observation_id(source), "capillaroscopy-exam", source.figures.exam)
    members = [reference(_finger_id(source, *finger), "Observation") for finger in fingers]
    return resource | ({"hasMember": members} if members else {})


def _finger_observation(source: ExamToExport, hand: Hand, finger: Finger) -> Json:
    figures = source.figures.fingers.get((hand, finger), {})
    kept = list(source.stills_and_panoramas())
    of_finger = [image for image in kept if (image.image.hand, image.image.finger) == (hand, finger)]
    readable = [image for image in of_finger if image.image.image_id not in source.unreadable]
    resource = _observation(source, _finger_id(source, hand, finger), "capillaroscopy-finger", figures)
    resource["bodySite"] = body_site(hand, finger)
    resource["component"] = [side(hand), *_scales(source, of_finger), *resource.get("component", [])]
    resource["derivedFrom"] = [reference(pictures.media_id(image), "Media") for image in readable]
    notes = [f"{image.image.sector.value}: {image.comment}" for image in of_finger if image.comment]
    notes += [f"{image.image.sector.value}: {_NO_FILE}" for image in of_finger if image not in readable]
    return resource | ({"note": [{"text": note} for note in notes]} if notes else {})


def _observation(source: ExamToExport, own_id: uuid.UUID, code: str, figures: Figures) -> Json:
    resource: Json = {
        "resourceType": "Observation",
        "id": str(own_id),
        "status": _status(source),
        "category": [published(*_IMAGING)],
        "code": local(code),
        "subject": reference(patient_id(source), "Patient"),
        "effectivePeriod": {"start": to_rfc3339(source.exam.started_at_utc), "end": to_rfc3339(_ended(source))},
        "method": method(),
    }
    if identity := _identity(source):
        resource["device"] = reference(station_id(identity), "Device")
    parts = [one for key, figure in figures.items() for one in components(key, figure, source.definitions.get(key))]
    return resource | ({"component": parts} if parts else {})


def _scales(source: ExamToExport, images: list[ReviewedImage]) -> Iterator[Json]:
    """Each scale that the finger's pictures were measured with, once, with where it came from."""
    seen: set[str] = set()
    for image in images:
        um_per_px, calibration_id = image.analysis.um_per_px, image.analysis.calibration_id
        if um_per_px is None or calibration_id is None or calibration_id in seen:
            continue
        seen.add(calibration_id)
        origin = source.scale_origin(image)
        yield {
            "code": local("um-per-px"),
            "valueQuantity": quantity(um_per_px, "um", scale_decimals(image.analysis.um_per_px_uncertainty)),
        }
        words = f"{calibration_id} ({'unknown' if origin is None else origin.value.replace('_', ' ')})"
        yield {"code": local("scale-origin"), "valueString": words}


def _devices(source: ExamToExport, images: list[ReviewedImage]) -> list[Json]:
    stations = [station(image.image.analysis.identity) for image in source.reviewed.images]
    scopes = [scope(*_camera(source, image)) for image in images]
    return list({one["id"]: one for one in [*stations, *scopes]}.values())


def _camera(source: ExamToExport, image: ReviewedImage) -> tuple[str, str]:
    metadata = source.metadata(image.image.image_id)
    return metadata.camera_name, metadata.camera_id


def _identity(source: ExamToExport) -> EngineIdentity | None:
    images = source.reviewed.images
    return images[-1].image.analysis.identity if images else None


def _fingers(images: list[ReviewedImage]) -> list[tuple[Hand, Finger]]:
    there = {(image.image.hand, image.image.finger) for image in images if image.image.kind is not ImageKind.CLIP}
    return [(hand, finger) for hand in Hand for finger in Finger if (hand, finger) in there]


def _exam_observation_id(source: ExamToExport) -> uuid.UUID:
    return own_uuid("exam observation", source.exam.exam_id)


def _finger_id(source: ExamToExport, hand: Hand, finger: Finger) -> uuid.UUID:
    return own_uuid("finger observation", source.exam.exam_id, hand.value, finger.value)


def _status(source: ExamToExport) -> str:
    return "final" if source.reviewed.validated_by is not None else "preliminary"


def _ended(source: ExamToExport) -> Any:
    return source.exam.finished_at_utc or source.exam.started_at_utc


def _local_codes(resources: list[Json]) -> dict[str, str]:
    """Every local coding that stands anywhere in the resources."""
    found: dict[str, str] = {}
    waiting: list[Any] = list(resources)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("system") == LOCAL_SYSTEM_URL:
                found[value["code"]] = value["display"]
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found
