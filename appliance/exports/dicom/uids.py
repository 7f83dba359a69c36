"""DICOM UIDs below 2.25: the same exam, finger or image has the same UID at every export."""

import uuid

from appliance.domain.exam import Finger, Hand
from appliance.exports.codes import oid, own_uuid


def study_uid(exam_id: str) -> str:
    """Of the exam."""
    return oid(uuid.UUID(exam_id))


def series_uid(exam_id: str, hand: Hand, finger: Finger) -> str:
    """Of all pictures of one finger in one exam."""
    return oid(own_uuid("series", exam_id, hand.value, finger.value))


def report_series_uid(exam_id: str) -> str:
    """Of the exam's structured reports."""
    return oid(own_uuid("report series", exam_id))


def image_uid(image_id: str) -> str:
    """Of a picture; its pixels never change."""
    return oid(uuid.UUID(image_id))


def report_uid(exam_id: str, content_digest: str) -> str:
    """Of a structured report: another content is another instance, the same content the same."""
    return oid(own_uuid("report", exam_id, content_digest))
