"""Every Nth picture of a recorded video, as fast as it can be decoded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.errors import CaptureError

# Our own sentence says what is wrong with a file; FFmpeg's (-8 is AV_LOG_QUIET) and OpenCV's come on top of it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@dataclass(frozen=True)
class VideoPicture:
    """One picture.

    Attributes:
        index: counted from 0 over all pictures of the video, those left out included.
        at_s: seconds from its start, by the container's own time stamps.
        image_rgb: uint8 (height, width, 3).
    """

    index: int
    at_s: float
    image_rgb: NDArray[np.uint8]


def read_video(path: Path, every: int) -> Iterator[VideoPicture]:
    """Pictures 0, `every`, 2 x `every` and so on.

    Raises:
        CaptureError: no video, no picture in it, or its end is missing.
    """
    with _opened(path) as video:
        announced = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        index = 0
        while True:
            if not video.grab():
                break
            if index % every == 0:
                # After a grab it is the time of the picture grabbed, before it that of the one before.
                at_s = max(0.0, float(video.get(cv2.CAP_PROP_POS_MSEC)) / 1000)
                is_decoded, image_bgr = video.retrieve()
                if not is_decoded or image_bgr is None:
                    raise CaptureError(f"cannot read {path}: picture {index} is damaged")
                yield VideoPicture(index, at_s, np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8))
            index += 1
    if index == 0:
        raise CaptureError(f"cannot read {path}: no picture in it can be decoded")
    # Containers round their count; a tenth missing is a recording that was cut off.
    if index < 0.9 * announced:
        raise CaptureError(f"{path} ends after {index} of {announced} pictures: the recording is damaged")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise CaptureError(f"cannot read {path}: there is no such file")
    if path.stat().st_size == 0:
        raise CaptureError(f"cannot read {path}: the file is empty")
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not video.isOpened():
            raise CaptureError(f"cannot read {path}: not a video in a known format")
        yield video
    finally:
        video.release()
