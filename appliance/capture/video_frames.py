"""The pictures of a recording one after the other; what is damaged is passed over and counted."""

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.errors import CaptureError

# Our own sentence says what is wrong with a file; FFmpeg's (-8 is AV_LOG_QUIET) and OpenCV's come on top of it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

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
        if path.stat().st_size == 0:
            raise CaptureError(f"cannot read {path}: the file is empty")
        self._path = path
        self._video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self._seen = 0
        self._damaged = 0
        if not self._video.isOpened():
            self.close()
            raise CaptureError(f"cannot read {path}: not a video in a known format")

    @property
    def announced(self) -> int:
        """How many pictures the container says that it holds; 0 where it does not say."""
        return max(0, int(self._video.get(cv2.CAP_PROP_FRAME_COUNT)))

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
        """Time of the picture that `grab` went to, in seconds from the start, by the container's own time stamps."""
        return max(0.0, float(self._video.get(cv2.CAP_PROP_POS_MSEC)) / 1000)

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
                return True
        return False

    def picture(self) -> NDArray[np.uint8] | None:
        """The picture that `grab` went to, uint8 RGB (height, width, 3); None, and counted, where it is damaged."""
        is_decoded, image_bgr = self._video.retrieve()
        if not is_decoded or image_bgr is None:
            self._damaged += 1
            return None
        return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8)

    def close(self) -> None:
        """Let go of the file."""
        self._video.release()
