"""A recorded video, played at its own pace."""

import math
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.capture.pacing import Pacer
from appliance.capture.stamping import FrameStamper
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame

_UNKNOWN_FPS = 30.0  # for containers that do not say


class VideoFileSource:
    """A video source that plays a file; frames that come too late are skipped, so a minute stays a minute.

    Args:
        path: the file.
        is_looped: start again at the end instead of raising EndOfStream.
    """

    def __init__(self, path: Path, is_looped: bool = False) -> None:
        self._path = path
        self._is_looped = is_looped
        self._stamper = FrameStamper()
        self._video: cv2.VideoCapture | None = None
        self._pacer: Pacer | None = None
        self._camera: CameraDescription | None = None
        self._first_bgr: NDArray[np.uint8] | None = None
        self._decoded = 0
        self._base_beat = 0

    def open(self) -> CameraDescription:
        """Start at the beginning. Raises CaptureError if not even one frame can be decoded."""
        self.close()
        self._first_bgr = self._rewind()
        assert self._video is not None
        fps = float(self._video.get(cv2.CAP_PROP_FPS))
        self._camera = CameraDescription(
            name=self._path.name,
            camera_id=f"file:{self._path}",
            pixel_format=_fourcc_text(int(self._video.get(cv2.CAP_PROP_FOURCC))),
            width_px=int(self._first_bgr.shape[1]),
            height_px=int(self._first_bgr.shape[0]),
            nominal_fps=fps if math.isfinite(fps) and 1 <= fps <= 1000 else _UNKNOWN_FPS,
        )
        self._pacer = Pacer(self._camera.nominal_fps or _UNKNOWN_FPS)
        self._base_beat = 0
        return self._camera

    def read(self, timeout_s: float) -> Frame | None:
        """The frame that is due now; raises EndOfStream after the last."""
        if self._pacer is None or self._camera is None:
            raise CaptureError(f"{self._path.name} was read before it was opened", "Open it first.")
        beat = self._pacer.wait(timeout_s)
        if beat is None:
            return None
        image_bgr = self._decode_frame(beat - self._base_beat)
        if image_bgr is None:
            if not self._is_looped:
                raise EndOfStream(f"{self._path.name} has been played to its end, {self._decoded} frames")
            image_bgr, self._base_beat = self._rewind(), beat
        image_rgb = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8)
        return self._stamper.stamp(image_rgb, self._camera, time.monotonic())

    def close(self) -> None:
        """Let go of the file."""
        if self._video is not None:
            self._video.release()
        self._video = None
        self._pacer = None
        self._first_bgr = None

    def _rewind(self) -> NDArray[np.uint8]:
        """Open the file anew and return its first frame: seeking to 0 is not exact in every container."""
        if self._video is not None:
            self._video.release()
        self._video = cv2.VideoCapture(str(self._path))
        is_read, image_bgr = self._video.read() if self._video.isOpened() else (False, None)
        if not is_read or image_bgr is None:
            raise CaptureError(
                f"{self._path} cannot be read as a video",
                "Choose an intact MP4, AVI, MOV or MKV file; this one may be damaged or use an unknown codec.",
            )
        self._decoded = 1
        return np.asarray(image_bgr, np.uint8)

    def _decode_frame(self, index: int) -> NDArray[np.uint8] | None:
        """Frame `index` of this pass, skipping what lies before it; None at the end."""
        assert self._video is not None
        if self._first_bgr is not None and index == 0:
            first, self._first_bgr = self._first_bgr, None
            return first
        self._first_bgr = None
        while self._decoded < index:
            if not self._video.grab():
                return None
            self._decoded += 1
        is_read, image_bgr = self._video.read()
        if not is_read or image_bgr is None:
            return None
        self._decoded += 1
        return np.asarray(image_bgr, np.uint8)


def _fourcc_text(fourcc: int) -> str:
    text = fourcc.to_bytes(4, "little", signed=False).decode("ascii", "replace") if fourcc > 0 else ""
    return text.strip("\0 ") or "unknown"
