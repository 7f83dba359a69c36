"""An exam's record as JSON types, there and back; the format `nailfold.archive/1`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance import schemas
from appliance.analysis.recorded_analysis import recorded_from_document
from appliance.domain.errors import ExportError
from appliance.domain.exam import (
    EXAM_FIELDS,
    CapturedImage,
    Exam,
    ExamField,
    ExamState,
    Finger,
    Hand,
    ImageKind,
    Placement,
    Sector,
    SkippedPlacement,
)
from appliance.domain.instant import from_rfc3339, require_sayable, to_rfc3339
from appliance.domain.pseudonym import require_pseudonym

Json = dict[str, Any]
_FIELDS = tuple(field for field in EXAM_FIELDS if not field.is_local)
_BEFORE: Mapping[str, Any] = {"counts_ramified_giants": True, "counts_thumbs": True}
"""Rules of the time of archives that do not name them."""
SUFFIXES = ("png", "avi")
"""Of stills and panoramas, and of clips."""


def exam_to_json(exam: Exam) -> Json:
    """Everything of the exam but where this clinic filed it; results are files of their own."""
    return {
        **{field.key: field.plain(exam) for field in _FIELDS},
        "images": [
            {
                "image_id": image.image_id,
                **_placement(image.placement),
                "captured_at": to_rfc3339(image.captured_at_utc),
                "kind": image.kind.value,
                "format": suffix_of(image),
                "sha256": image.sha256,
            }
            for image in exam.images
        ],
        "skipped": [{**_placement(one.placement), "reason": one.reason} for one in exam.skipped],
    }


def exam_from_json(record: Json, documents: dict[str, Json]) -> Exam:
    """The exam of a record.

    Args:
        documents: `nailfold.analysis/1` of each image by image id.

    Raises:
        ExportError: the record or a document is not what this format holds.
    """
    try:
        for document in documents.values():
            schemas.validate("nailfold.analysis-1", document)
        # An archive of an older software lacks newer fields: they are as for an exam of its time.
        named = {one.name: _taken_over(one, record[one.key]) for one in _FIELDS if one.key in record}
        fields: dict[str, Any] = {**_BEFORE, **named}
        fields["exam_id"] = str(UUID(record["exam_id"]))
        fields["patient_pseudonym"] = require_pseudonym(str(record["patient_pseudonym"]))
        fields["finished_at_utc"] = require_sayable(from_rfc3339(record["finished_at"]))
        return Exam(
            **fields,
            images=tuple(_image(one, documents) for one in record["images"]),
            skipped=tuple(SkippedPlacement(_place(one), str(one["reason"])[:500]) for one in record["skipped"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = getattr(error, "message", str(error))[:160]
        raise ExportError(
            f"the archive's record of an exam cannot be read: {type(error).__name__}: {said}", "Export it again."
        ) from error


def suffix_of(image: CapturedImage) -> str:
    """How the image's file ends, here and in the archive."""
    return image.file_name.rpartition(".")[2]


def _image(record: Json, documents: dict[str, Json]) -> CapturedImage:
    image_id = str(UUID(record["image_id"]))
    place, document = _place(record), documents[image_id]
    if len(document["images"]) != 1:
        raise ValueError(f"the result of image {image_id} describes {len(document['images'])} images")
    suffix = record.get("format", "png")
    if suffix not in SUFFIXES:
        raise ValueError(f"image {image_id} is of format {str(suffix)[:20]!r}")
    return CapturedImage(
        image_id=image_id,
        hand=place.hand,
        finger=place.finger,
        sector=place.sector,
        captured_at_utc=require_sayable(from_rfc3339(record["captured_at"])),
        file_name=f"{image_id}.{suffix}",
        sha256=str(record["sha256"]),
        recorded=recorded_from_document(document),
        kind=ImageKind(record["kind"]),
    )


def _placement(placement: Placement) -> Json:
    return {"hand": placement.hand.value, "finger": placement.finger.value, "sector": placement.sector.value}


def _place(record: Json) -> Placement:
    return Placement(Hand(record["hand"]), Finger(record["finger"]), Sector(record["sector"]))


def _taken_over(field: ExamField, plain: object) -> object:
    value = field.read(plain)
    if isinstance(value, datetime):
        require_sayable(value)
    return value[: field.longest] if isinstance(value, str) else _closed(value)


def _closed(value: object) -> object:
    if value is ExamState.OPEN:
        raise ValueError("an open exam")
    return value
