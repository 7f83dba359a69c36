"""The message of a finished exam: `nailfold.exam/1`."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils

from appliance import schemas
from appliance.analysis.exam_figures import exam_figures
from appliance.analysis.recorded_analysis import document_of
from appliance.domain.errors import ExportError
from appliance.domain.exam import Exam, ImageKind
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.instant import to_rfc3339
from appliance.domain.printed_figure import as_printed
from appliance.domain.review import ReviewedExam, ReviewedImage, unreviewed
from appliance.exam.finger_totals import finger_totals
from appliance.ports import OutboxMessage

SCHEMA = "nailfold.exam/1"

FIGURES = ("density_per_mm", "mean_apical_um")
"""Of the exam, which a list of results shows."""


@dataclass(frozen=True)
class BoxAddress:
    """Where the box stands; both are part of every topic and hold nothing about patients."""

    site: str
    box: str


def build_exam_message(exam: Exam, address: BoxAddress, finished_at_utc: datetime) -> OutboxMessage:
    """The exam's message under a new msg_id, checked against its schema. Video clips stay on the box.

    Raises:
        ExportError: the exam has no images, or what it holds does not fit the schema.
    """
    return _checked(_document(unreviewed(exam), address, finished_at_utc))


def build_corrected_message(
    reviewed: ReviewedExam,
    address: BoxAddress,
    now_utc: datetime,
    revision: int,
    replaces: str | None,
    *,
    is_validated: bool,
) -> OutboxMessage:
    """The message of an exam that a physician has validated or reopened: its results are those of the review.

    Args:
        now_utc: when it was validated, or finished anew.
        revision: 1 for the first validation or reopening, then counting up.
        replaces: msg_id of the exam's newest message; None where this box never sent one, as for an imported exam.
        is_validated: False for an exam that was finished anew.

    Raises:
        ExportError: as for `build_exam_message`.
    """
    exam, measured = reviewed.exam, _measured(reviewed)
    document = _document(reviewed, address, exam.finished_at_utc or now_utc)
    for entry, one in zip(document["images"], measured, strict=True):
        entry["is_edited"] = one.is_edited
        entry["excluded"] = one.not_evaluable_because is not None
    document["revision"] = revision
    if is_validated:
        document["validated_at"] = to_rfc3339(now_utc)
    if replaces is not None:
        document["replaces"] = replaces
    return _checked(document)


def _measured(reviewed: ReviewedExam) -> list[ReviewedImage]:
    return [one for one in reviewed.images if one.image.kind is not ImageKind.CLIP]


def _checked(document: dict[str, Any]) -> OutboxMessage:
    try:
        schemas.validate("nailfold.exam-1", document)
    except schemas.SchemaError as error:
        raise ExportError(
            f"the result of exam {document['exam_id']} does not fit its format at {error.json_path}: "
            f"{error.message[:200]}",
            "Nothing was changed and every image is kept. Report this fault before you go on.",
        ) from error
    payload = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return OutboxMessage(document["msg_id"], SCHEMA, payload, hashlib.sha256(payload).hexdigest())


def _document(reviewed: ReviewedExam, address: BoxAddress, finished_at_utc: datetime) -> dict[str, Any]:
    exam, measured = reviewed.exam, _measured(reviewed)
    if not measured:
        raise ExportError(f"exam {exam.exam_id} has no images to report", "Capture an image or discard the exam.")
    images = [_image(one) for one in measured]
    return {
        "schema": SCHEMA,
        "msg_id": str(uuid_utils.uuid7()),
        "site": address.site,
        "box": address.box,
        "exam_id": exam.exam_id,
        "patient_pseudonym": exam.patient_pseudonym,
        **({} if exam.counts_ramified_giants else {"counts_ramified_giants": False}),
        "started_at": to_rfc3339(exam.started_at_utc),
        "finished_at": to_rfc3339(finished_at_utc),
        # An exam resumed after an update has images of two versions: each says its own, this is the newest image's.
        "software": images[-1]["software"],
        "images": images,
        "fingers": finger_totals(measured),
        "figures": _figures(exam_figures(reviewed).exam),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    """Of the exam, with the digits that pages print; null where a figure could not be determined."""
    return {key: _figure(key, figures[key]) for key in FIGURES}


def _figure(key: str, figure: Figure) -> dict[str, float | None]:
    if not isinstance(figure.value, int | float):
        return {"value": None, "uncertainty": None}
    value, off = as_printed(key, figure)
    return {"value": value, "uncertainty": off}


def _image(one: ReviewedImage) -> dict[str, Any]:
    image, described = one.image, document_of(one.recorded)
    return {
        "image_id": image.image_id,
        "hand": image.hand.value,
        "finger": image.finger.value,
        "sector": image.sector.value,
        "sha256": image.sha256,
        "software": described["software"],
        "result": described["images"][0],
    }
