"""A stored still as pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.errors import StoreError
from appliance.exam.motion_jpeg import read_avi
from appliance.ports import ExamStore


def read_still_bgr(store: ExamStore, exam_id: str, image_id: str) -> NDArray[np.uint8]:
    """A stored still, uint8 BGR [height, width, 3]; of a clip, the picture in its middle stands for all.

    Raises:
        StoreError: there is no such still, or its file is not the one that was stored.
    """
    stored = store.read_png(exam_id, image_id)
    if stored[:4] == b"RIFF":
        stored = _middle_of(image_id, stored)
    image_bgr = cv2.imdecode(np.frombuffer(stored, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image_bgr is None:
        raise StoreError(f"still {image_id} could not be decoded", "Restore it from a backup.")
    return np.asarray(image_bgr, dtype=np.uint8)


def _middle_of(image_id: str, clip: bytes) -> bytes:
    try:
        jpegs, _ = read_avi(clip)
    except ValueError as error:
        raise StoreError(f"clip {image_id} could not be read: {error}", "Restore it from a backup.") from error
    if not jpegs:
        raise StoreError(f"clip {image_id} has no pictures", "Restore it from a backup.")
    return jpegs[len(jpegs) // 2]
