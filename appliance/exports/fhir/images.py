"""Pictures in a FHIR Bundle: a Media each, and the ImagingStudy under the UIDs of the DICOM export."""

import base64
import hashlib
import uuid
from collections.abc import Sequence

from appliance.domain.instant import to_rfc3339
from appliance.domain.review import ReviewedImage
from appliance.exports.codes import FINGER_SNOMED, SIDE_SNOMED, SNOMED_URL
from appliance.exports.dicom.uids import image_uid, series_uid, study_uid
from appliance.exports.fhir.elements import Json, body_site, reference
from appliance.exports.fhir.people_and_devices import patient_id, scope_id
from appliance.exports.source import ExamToExport

VL_PHOTOGRAPHIC_UID = "1.2.840.10008.5.1.4.1.1.77.1.4"
_MODALITY = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "XC"}


def media_id(image: ReviewedImage) -> uuid.UUID:
    """Of an image's Media."""
    return uuid.UUID(image.image.image_id)


def media(source: ExamToExport, image: ReviewedImage, camera: tuple[str, str], with_data: bool) -> Json:
    """One picture: its title is the file's name in the ZIP export, its hash (SHA-1, as R4 wants) that of the file."""
    kept, analysed = image.image, image.analysis
    file = source.read_file(kept.image_id)
    content = attachment(file, "image/png", f"{kept.image_id}.png", with_data) | {
        "creation": to_rfc3339(kept.captured_at_utc)
    }
    resource: Json = {
        "resourceType": "Media",
        "id": str(media_id(image)),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{image_uid(kept.image_id)}"}],
        "status": "completed",
        "subject": reference(patient_id(source), "Patient"),
        "createdDateTime": to_rfc3339(kept.captured_at_utc),
        "bodySite": body_site(kept.hand, kept.finger),
        "device": reference(scope_id(*camera), "Device"),
        "width": analysed.width_px,
        "height": analysed.height_px,
        "content": content,
    }
    return resource | ({"note": [{"text": image.comment}]} if image.comment else {})


def attachment(file: bytes, content_type: str, title: str, with_data: bool = True) -> Json:
    """A file inside a resource; SHA-1 is what R4 defines for its hash."""
    digest = base64.b64encode(hashlib.sha1(file, usedforsecurity=False).digest()).decode()
    found: Json = {"contentType": content_type, "title": title, "size": len(file), "hash": digest}
    return found | ({"data": base64.b64encode(file).decode()} if with_data else {})


def imaging_study_id(source: ExamToExport) -> uuid.UUID:
    """Of the exam's ImagingStudy."""
    return uuid.UUID(source.exam.exam_id)


def imaging_study(source: ExamToExport, images: Sequence[ReviewedImage]) -> Json:
    """Series and instances as the DICOM export names them, so that both can be brought together."""
    by_series: dict[str, list[ReviewedImage]] = {}
    for image in images:
        kept = image.image
        by_series.setdefault(series_uid(source.exam.exam_id, kept.hand, kept.finger), []).append(image)
    return {
        "resourceType": "ImagingStudy",
        "id": str(imaging_study_id(source)),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{study_uid(source.exam.exam_id)}"}],
        "status": "available",
        "modality": [_MODALITY],
        "subject": reference(patient_id(source), "Patient"),
        "started": to_rfc3339(source.exam.started_at_utc),
        "numberOfSeries": len(by_series),
        "numberOfInstances": len(images),
        "description": "Nailfold capillaroscopy",
        "series": [_series(uid, number, of_series) for number, (uid, of_series) in enumerate(by_series.items(), 1)],
    }


def _series(uid: str, number: int, images: Sequence[ReviewedImage]) -> Json:
    first = images[0].image
    finger, side = FINGER_SNOMED[first.finger], SIDE_SNOMED[first.hand]
    return {
        "uid": uid,
        "number": number,
        "modality": _MODALITY,
        "numberOfInstances": len(images),
        "bodySite": {"system": SNOMED_URL, "code": finger[0], "display": finger[1]},
        "laterality": {"system": SNOMED_URL, "code": side[0], "display": side[1]},
        "instance": [
            {
                "uid": image_uid(image.image.image_id),
                "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{VL_PHOTOGRAPHIC_UID}"},
                "number": at,
            }
            for at, image in enumerate(images, 1)
        ],
    }
