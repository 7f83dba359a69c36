"""Number and time of a frame, the same way for every source."""

import time
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from appliance.domain.frame import CameraDescription, Frame


class FrameStamper:
    """Makes frames out of pictures. A source keeps one for life, so that numbers count on when it is opened again."""

    def __init__(self) -> None:
        self._seq = 0

    def stamp(
        self, image_rgb: NDArray[np.uint8], camera: CameraDescription, captured_monotonic_s: float | None = None
    ) -> Frame:
        """The next frame, numbered from 1.

        Args:
            image_rgb: uint8 (height, width, 3), RGB; made contiguous if it is not.
            camera: where it came from.
            captured_monotonic_s: when it was taken, on the clock of `time.monotonic()`; None for now.
        """
        now_s, now_utc = time.monotonic(), datetime.now(timezone.utc)
        taken_s = now_s if captured_monotonic_s is None else captured_monotonic_s
        self._seq += 1
        return Frame(
            seq=self._seq,
            image_rgb=np.ascontiguousarray(image_rgb),
            captured_monotonic_s=taken_s,
            captured_at_utc=now_utc - timedelta(seconds=now_s - taken_s),
            camera=camera,
        )
