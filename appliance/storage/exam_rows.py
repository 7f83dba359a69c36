"""Rows of the exam database as domain objects."""

from collections.abc import Sequence
from typing import Any

from appliance.analysis.recorded_analysis import recorded_from_text
from appliance.domain.exam import (
    EXAM_FIELDS,
    CapturedImage,
    Exam,
    Finger,
    Hand,
    ImageKind,
    Placement,
    Sector,
    SkippedPlacement,
)
from appliance.domain.instant import from_rfc3339
from appliance.storage.database import PRECISION, Row, Value, utc_text


def exam_from(row: Row, image_rows: Sequence[Row] = (), skipped_rows: Sequence[Row] = ()) -> Exam:
    """An exam with those images and skipped placements."""
    fields: dict[str, Any] = {field.name: field.read(row[field.key]) for field in EXAM_FIELDS}
    return Exam(
        **fields,
        images=tuple(image_from(image_row) for image_row in image_rows),
        skipped=tuple(SkippedPlacement(placement_from(skipped), skipped["reason"]) for skipped in skipped_rows),
    )


def exam_values(exam: Exam) -> tuple[Value, ...]:
    """The values of INSERT_EXAM."""
    return tuple(field.plain(exam, PRECISION) for field in EXAM_FIELDS)


_COLUMNS = ", ".join(field.key for field in EXAM_FIELDS)
INSERT_EXAM = f"INSERT INTO exams ({_COLUMNS}) VALUES ({', '.join('?' * len(EXAM_FIELDS))})"


def placement_from(row: Row) -> Placement:
    """The placement that a row names."""
    return Placement(Hand(row["hand"]), Finger(row["finger"]), Sector(row["sector"]))


def placement_values(placement: Placement) -> tuple[str, str, str]:
    """Hand, finger and sector as rows have them."""
    return placement.hand.value, placement.finger.value, placement.sector.value


def image_from(row: Row) -> CapturedImage:
    """A captured image."""
    return CapturedImage(
        image_id=row["image_id"],
        hand=Hand(row["hand"]),
        finger=Finger(row["finger"]),
        sector=Sector(row["sector"]),
        captured_at_utc=from_rfc3339(row["captured_at"]),
        file_name=row["file_name"],
        sha256=row["sha256"],
        recorded=recorded_from_text(row["document"]),
        kind=ImageKind(row["kind"]),
    )


def image_values(exam_id: str, image: CapturedImage) -> tuple[Value, ...]:
    """The values of INSERT_IMAGE."""
    return (
        image.image_id,
        exam_id,
        image.hand.value,
        image.finger.value,
        image.sector.value,
        utc_text(image.captured_at_utc),
        image.file_name,
        image.sha256,
        image.recorded.text,
        image.kind.value,
    )


INSERT_IMAGE = """INSERT INTO images
    (image_id, exam_id, hand, finger, sector, captured_at, file_name, sha256, document, kind)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
