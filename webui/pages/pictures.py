"""Stored stills in the sizes that pages show."""

from functools import lru_cache

import cv2
import numpy as np
import simplejpeg

from appliance.exam.stored_picture import read_still_bgr
from appliance.ports import ExamStore

WIDEST_PX = 2048
_JPEG_QUALITY = 85


class StillPictures:
    """JPEGs of stored stills, scaled down; the last ones stay in memory, a still never changes."""

    def __init__(self, store: ExamStore) -> None:
        self._store = store
        self._cached = lru_cache(maxsize=96)(self._jpeg)

    def jpeg(self, exam_id: str, image_id: str, width_px: int) -> bytes:
        """JPEG of one still, at most `width_px` wide.

        Raises:
            ErasedError: it went with its patient.
            StoreError: there is no such still, or its file is not the one that was stored.
        """
        self._store.require_pictures(exam_id)
        return self._cached(exam_id, image_id, width_px)

    def _jpeg(self, exam_id: str, image_id: str, width_px: int) -> bytes:
        image_bgr = read_still_bgr(self._store, exam_id, image_id)
        height, width = image_bgr.shape[:2]
        if width > width_px:
            size = (width_px, max(1, round(height * width_px / width)))
            image_bgr = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
        encoded: bytes = simplejpeg.encode_jpeg(
            np.ascontiguousarray(image_bgr), quality=_JPEG_QUALITY, colorspace="BGR", colorsubsampling="420"
        )
        return encoded
