"""The pictures of a recording one after the other; what is damaged is passed over and counted."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from appliance.capture.camera_formats import UndecodableFrameError, decode
from appliance.domain.errors import CaptureError
from appliance.foreign_files.kinds import MediaKind, kind_of

# Our own sentence says what is wrong with a file; FFmpeg's (-8 is AV_LOG_QUIET) and OpenCV's come on top of it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_SEQUENCES_OF_JPEG = frozenset({"MJPG", "mjpg", "jpeg", "JPEG"})
_LEAST_BYTES_A_PICTURE = 8
"""An AVI has an entry of 16 in its index for each, and a chunk's head of 8: what announces more says nothing."""
_ENDS_EARLY = 0.9
"""Containers round their count, or work it out of the length: less of both is a recording that was cut off."""
_MOST_DAMAGED_IN_A_ROW = 1000
_TRIES_WITHOUT_COUNT = 100
"""Where the container does not say how many pictures it holds."""


class VideoFrames:
    """An open recording. A picture that cannot be decoded is no end: only after the last whole one it is over.

    Args:
        path: the file.

    Raises:
        CaptureError: missing, empty, or no video in a known format.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CaptureError(f"cannot read {path}: there is no such file")
        self._size_bytes = path.stat().st_size
        if self._size_bytes == 0:
            raise CaptureError(f"cannot read {path}: the file is empty")
        self._video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self._seen = 0
        self._damaged = 0
        self._at_s = -1.0
        if not self._video.isOpened():
            self.close()
            raise CaptureError(f"cannot read {path}: {_why_unopened(path)}")
        self._width_px, self._height_px = (
            round(self._video.get(one)) for one in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self._is_jpeg = _is_sequence_of_jpeg(path, self._video, self.fourcc)
        if self._is_jpeg:
            self._video.set(cv2.CAP_PROP_FORMAT, -1)  # as it lies in the file

    @property
    def announced(self) -> int:
        """How many pictures the container says that it holds; 0 where it does not say, or says what cannot be."""
        count = max(0, int(self._video.get(cv2.CAP_PROP_FRAME_COUNT)))
        return count if count * _LEAST_BYTES_A_PICTURE <= self._size_bytes else 0

    @property
    def ends_early(self) -> bool:
        """Whether, once `grab` came to the end, pictures and time are missing that the container announces."""
        end_s = self.announced / self.fps if self.fps > 0 else 0.0
        return self._seen < _ENDS_EARLY * self.announced and self._at_s < _ENDS_EARLY * end_s

    @property
    def seen(self) -> int:
        """Pictures so far, the damaged ones before the last whole one included."""
        return self._seen

    @property
    def damaged(self) -> int:
        """Of these the ones that could not be decoded."""
        return self._damaged

    @property
    def at_s(self) -> float:
        """Time of the picture that `grab` went to, in seconds from the start, by the container's own time stamps.

        Where it has none, or one that is not after the picture's before, one interval after that.
        """
        return max(0.0, self._at_s)

    @property
    def fps(self) -> float:
        """As the container has it; 0 or nonsense where it does not say."""
        return float(self._video.get(cv2.CAP_PROP_FPS))

    @property
    def fourcc(self) -> int:
        """Of the codec."""
        return int(self._video.get(cv2.CAP_PROP_FOURCC))

    def grab(self) -> bool:
        """Go to the next whole picture, whose index is `seen` - 1; False at the end."""
        left = self.announced - self._seen if self.announced else _TRIES_WITHOUT_COUNT
        for failures in range(max(1, min(left, _MOST_DAMAGED_IN_A_ROW))):
            if self._video.grab():
                self._seen += failures + 1
                self._damaged += failures
                self._at_s = self._next_s(failures + 1)
                return True
        return False

    def picture(self) -> NDArray[np.uint8] | None:
        """The picture that `grab` went to, uint8 RGB (height, width, 3); None, and counted, where it is damaged."""
        is_decoded, raw = self._video.retrieve()
        image_rgb = self._decoded(np.asarray(raw)) if is_decoded and raw is not None else None
        self._damaged += image_rgb is None
        return image_rgb

    def _decoded(self, raw: NDArray[Any]) -> NDArray[np.uint8] | None:
        if not self._is_jpeg:
            return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), np.uint8)
        try:
            return decode(np.asarray(raw, np.uint8), "MJPG", self._width_px, self._height_px)
        except UndecodableFrameError:
            return None

    def _next_s(self, pictures: int) -> float:
        stated = float(self._video.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        interval = 1 / self.fps if 1 <= self.fps <= 1000 else 1 / 30
        return stated if stated > self._at_s else max(0.0, self._at_s) + pictures * interval

    def close(self) -> None:
        """Let go of the file."""
        self._video.release()


def _is_sequence_of_jpeg(path: Path, opened: cv2.VideoCapture, fourcc: int) -> bool:
    """Whether every picture is a JPEG of the whole frame, which is then decoded as a camera's.

    FFmpeg fills what is missing of a damaged one with grey and calls it whole. It is left to FFmpeg where a picture
    has to be turned, or comes in two halves (interlaced).
    """
    if fourcc.to_bytes(4, "little", signed=True).decode("ascii", "replace") not in _SEQUENCES_OF_JPEG:
        return False
    if opened.get(cv2.CAP_PROP_ORIENTATION_META):
        return False
    probe = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        probe.set(cv2.CAP_PROP_FORMAT, -1)
        while probe.grab():
            try:
                height, width, *_ = simplejpeg.decode_jpeg_header(np.ascontiguousarray(probe.retrieve()[1]).tobytes())
            except ValueError:
                continue  # a damaged one tells nothing
            size = opened.get(cv2.CAP_PROP_FRAME_HEIGHT), opened.get(cv2.CAP_PROP_FRAME_WIDTH)
            return (height, width) == tuple(round(one) for one in size)
        return False
    finally:
        probe.release()


def _why_unopened(path: Path) -> str:
    if kind_of(path) is MediaKind.VIDEO:
        return "no picture in it can be decoded: it holds none, or its end, where its index is, is missing"
    return "not a video in a known format"
