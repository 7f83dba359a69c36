"""The message of a finished exam: `nailfold.exam/1`."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import jsonschema
import uuid_utils

from appliance import schemas
from appliance.domain.errors import ExportError
from appliance.domain.exam import CapturedImage, Exam
from appliance.exam.finger_totals import finger_totals
from appliance.ports import OutboxMessage

SCHEMA = "nailfold.exam/1"


@dataclass(frozen=True)
class BoxAddress:
    """Where the box stands; both are part of every topic and hold nothing about patients."""

    site: str
    box: str


def build_exam_message(exam: Exam, address: BoxAddress, finished_at_utc: datetime) -> OutboxMessage:
    """The exam's message under a new msg_id, checked against its schema.

    Raises:
        ExportError: the exam has no images, or what it holds does not fit the schema.
    """
    msg_id = str(uuid_utils.uuid7())
    document = _document(exam, address, finished_at_utc, msg_id)
    try:
        schemas.validate("nailfold.exam-1", document)
    except jsonschema.ValidationError as error:
        raise ExportError(
            f"the result of exam {exam.exam_id} does not fit its format at {error.json_path}: {error.message[:200]}",
            "The exam stays open with all its images. Report this fault before you go on.",
        ) from error
    payload = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return OutboxMessage(msg_id, SCHEMA, payload, hashlib.sha256(payload).hexdigest())


def _document(exam: Exam, address: BoxAddress, finished_at_utc: datetime, msg_id: str) -> dict[str, Any]:
    if not exam.images:
        raise ExportError(f"exam {exam.exam_id} has no images to report", "Capture an image or discard the exam.")
    return {
        "schema": SCHEMA,
        "msg_id": msg_id,
        "site": address.site,
        "box": address.box,
        "exam_id": exam.exam_id,
        "patient_pseudonym": exam.patient_pseudonym,
        "started_at": _time(exam.started_at_utc),
        "finished_at": _time(finished_at_utc),
        # An exam resumed after an update has images of two versions: each says its own, this is the newest image's.
        "software": exam.images[-1].document["software"],
        "images": [_image(image) for image in exam.images],
        "fingers": finger_totals(exam.images),
    }


def _image(image: CapturedImage) -> dict[str, Any]:
    return {
        "image_id": image.image_id,
        "hand": image.hand.value,
        "finger": image.finger.value,
        "sector": image.sector.value,
        "sha256": image.sha256,
        "software": image.document["software"],
        "result": image.document["images"][0],
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
