"""A finished exam of one picture in a real storage."""

import hashlib
from datetime import datetime, timezone

from appliance.domain.exam import CapturedImage, Finger, Hand, Sector
from appliance.ports import OutboxMessage
from appliance.storage.open_storage import Storage
from tests.support.exam_parts import recorded_result

PICTURE = b"\x89PNG the picture of a ring finger " * 40
_NOON = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)


def keep_exam(storage: Storage, pseudonym: str) -> str:
    """Its id; the id of its picture is the same with "-1" behind it."""
    exam_id = storage.exams.start_exam(pseudonym, _NOON).exam_id
    digest, name = hashlib.sha256(PICTURE).hexdigest(), f"{exam_id}-1"
    image = CapturedImage(name, Hand.LEFT, Finger.RING, Sector.B, _NOON, f"{name}.png", digest, recorded_result())
    storage.exams.add_image(exam_id, image, PICTURE)
    storage.exams.finish_exam(exam_id, _NOON, OutboxMessage(exam_id, "nailfold.exam/1", b"{}", "0" * 64))
    return exam_id
