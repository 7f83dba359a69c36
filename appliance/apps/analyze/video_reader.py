"""Every Nth picture of a recorded video, as fast as it can be decoded."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.capture.video_frames import VideoFrames
from appliance.domain.counted import counted
from appliance.domain.errors import CaptureError


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
    """Pictures 0, `every`, 2 x `every` and so on; in place of a damaged one the next whole one.

    Raises:
        CaptureError: no video, no picture in it, or, after the last picture, some were damaged or its end is missing.
    """
    with contextlib.closing(VideoFrames(path)) as video:
        due = 0
        while video.grab():
            index = video.seen - 1
            image_rgb = video.picture() if index >= due else None
            if image_rgb is not None:
                due = (index // every + 1) * every
                yield VideoPicture(index, video.at_s, image_rgb)
        seen, damaged, announced, ends_early = video.seen, video.damaged, video.announced, video.ends_early
    if seen == damaged:
        raise CaptureError(f"cannot read {path}: no picture in it can be decoded")
    if ends_early:
        raise CaptureError(f"{path} ends after {seen} of {counted(announced, 'picture')}: the recording is damaged")
    if damaged:
        raise CaptureError(f"{path}: {damaged} of {counted(seen, 'picture')} damaged and passed over")
