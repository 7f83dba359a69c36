"""Rows of the exam database as domain objects."""

from collections.abc import Sequence

from appliance.analysis.recorded_analysis import recorded_from_text
from appliance.domain.exam import (
    CapturedImage,
    Exam,
    ExamState,
    Finger,
    Hand,
    ImageKind,
    Placement,
    Sector,
    SkippedPlacement,
)
from appliance.storage.database import Row, Value, utc_moment, utc_text


def exam_from(row: Row, image_rows: Sequence[Row] = (), skipped_rows: Sequence[Row] = ()) -> Exam:
    """An exam with those images and skipped placements."""
    return Exam(
        exam_id=row["exam_id"],
        patient_pseudonym=row["patient_pseudonym"],
        state=ExamState(row["state"]),
        started_at_utc=utc_moment(row["started_at"]),
        finished_at_utc=None if row["finished_at"] is None else utc_moment(row["finished_at"]),
        images=tuple(image_from(image_row) for image_row in image_rows),
        protocol=row["protocol"],
        operator=row["operator"],
        folder_id=row["folder_id"],
        is_archived=bool(row["is_archived"]),
        skipped=tuple(SkippedPlacement(placement_from(skipped), skipped["reason"]) for skipped in skipped_rows),
    )


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
        captured_at_utc=utc_moment(row["captured_at"]),
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
