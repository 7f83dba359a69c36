"""A recorded video, played at its own pace."""

import logging
import math
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.capture.pacing import Pacer
from appliance.capture.stamping import FrameStamper
from appliance.capture.video_frames import VideoFrames
from appliance.domain.counted import counted
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame

_log = logging.getLogger(__name__)
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
        self._video: VideoFrames | None = None
        self._pacer: Pacer | None = None
        self._camera: CameraDescription | None = None
        self._first_rgb: NDArray[np.uint8] | None = None
        self._base_beat = 0

    def open(self) -> CameraDescription:
        """Start at the beginning. Raises CaptureError if not even one frame can be decoded."""
        self.close()
        self._first_rgb = self._rewind()
        assert self._video is not None
        fps = self._video.fps
        self._camera = CameraDescription(
            name=self._path.name,
            camera_id=f"file:{self._path}",
            pixel_format=_fourcc_text(self._video.fourcc),
            width_px=int(self._first_rgb.shape[1]),
            height_px=int(self._first_rgb.shape[0]),
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
        image_rgb = self._decode_frame(beat - self._base_beat)
        if image_rgb is None:
            if not self._is_looped:
                raise EndOfStream(f"{self._path.name} has been played to its end, {self._seen()}")
            image_rgb, self._base_beat = self._rewind(), beat
        return self._stamper.stamp(image_rgb, self._camera, time.monotonic())

    @property
    def frames_undecodable(self) -> int:
        """Frames of this pass that are damaged and were passed over."""
        return 0 if self._video is None else self._video.damaged

    def close(self) -> None:
        """Let go of the file."""
        if self._video is not None:
            self._video.close()
        self._video = None
        self._pacer = None
        self._first_rgb = None

    def _rewind(self) -> NDArray[np.uint8]:
        """Open the file anew and return its first whole frame: seeking to 0 is not exact in every container."""
        if self._video is not None:
            self._video.close()
        try:
            self._video = VideoFrames(self._path)
            image_rgb = self._next()
        except CaptureError:
            self._video, image_rgb = None, None
        if image_rgb is None:
            raise CaptureError(
                f"{self._path} cannot be read as a video",
                "Choose an intact MP4, AVI, MOV or MKV file; this one may be damaged or use an unknown codec.",
            )
        return image_rgb

    def _decode_frame(self, index: int) -> NDArray[np.uint8] | None:
        """Frame `index` of this pass or the next whole one, skipping what lies before it; None at the end."""
        assert self._video is not None
        if self._first_rgb is not None and index == 0:
            first, self._first_rgb = self._first_rgb, None
            return first
        self._first_rgb = None
        while self._video.seen < index:
            if not self._video.grab():
                return None
        return self._next()

    def _next(self) -> NDArray[np.uint8] | None:
        """The next whole frame; damage is logged at the 1st, 2nd, 4th, 8th time."""
        assert self._video is not None
        before = self._video.damaged
        image_rgb = None
        while image_rgb is None and self._video.grab():
            image_rgb = self._video.picture()
        damaged = self._video.damaged
        if damaged > before and damaged.bit_length() > before.bit_length():
            _log.warning("%s: %d damaged frames were passed over so far", self._path.name, damaged)
        return image_rgb

    def _seen(self) -> str:
        assert self._video is not None
        damaged = f", {self._video.damaged} of them damaged and passed over" if self._video.damaged else ""
        return f"{counted(self._video.seen, 'frame')}{damaged}"


def _fourcc_text(fourcc: int) -> str:
    text = fourcc.to_bytes(4, "little", signed=False).decode("ascii", "replace") if fourcc > 0 else ""
    return text.strip("\0 ") or "unknown"
