"""Stored pictures, played as if a scope were held over them."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.capture.moving_still import MovingStill
from appliance.capture.pacing import Pacer
from appliance.capture.stamping import FrameStamper
from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame

_log = logging.getLogger(__name__)


def reduced_still(path: Path, longest_side_px: int) -> NDArray[np.uint8]:
    """The picture as uint8 RGB (height, width, 3), as `read_still` decodes it everywhere.

    A larger one is reduced to `longest_side_px` by area averaging; a smaller one is left as it is.

    Raises:
        CaptureError: the file cannot be read as an image, or only in part.
    """
    image_rgb = read_still(path).image_rgb
    scale = longest_side_px / max(image_rgb.shape[:2])
    if scale < 1:
        size = (round(image_rgb.shape[1] * scale), round(image_rgb.shape[0] * scale))
        image_rgb = np.asarray(cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return image_rgb


class StillSource:
    """A video source that shows one picture after the other.

    A single picture is shown for ever; several are shown for a while each and then end, or start again. One of several
    that cannot be read is logged and left out; the others go on.

    Args:
        paths: image files, in the order in which they are shown.
        name: what the operator is shown.
        fps: frames per second.
        longest_side_px: larger pictures are reduced to this.
        seconds_each: how long each of several pictures is shown.
        is_looped: start again after the last.
        seed: of the hand's movement; None for no movement.
    """

    def __init__(
        self,
        *,
        paths: Sequence[Path],
        name: str,
        fps: float,
        longest_side_px: int,
        seconds_each: float = 5.0,
        is_looped: bool = False,
        seed: int | None = 0,
    ) -> None:
        self._paths = tuple(paths)
        self._name = name
        self._fps = fps
        self._longest_side_px = longest_side_px
        self._beats_each = None if len(self._paths) == 1 else max(1, round(seconds_each * fps))
        self._is_looped = is_looped
        self._seed = seed
        self._stamper = FrameStamper()
        self._pacer: Pacer | None = None
        self._still: MovingStill | None = None
        self._shown = -1
        self._unreadable: set[int] = set()
        self._camera: CameraDescription | None = None

    def open(self) -> CameraDescription:
        """Show the first picture that can be read. Raises CaptureError if there is none."""
        self._shown = -1
        camera = self._show_next(0)
        self._pacer = Pacer(self._fps)
        return camera

    def read(self, timeout_s: float) -> Frame | None:
        """The next view; raises EndOfStream after the last picture, CaptureError once none can be read."""
        if self._pacer is None:
            raise CaptureError(f"{self._name} was read before it was opened", "Open it first.")
        beat = self._pacer.wait(timeout_s)
        if beat is None:
            return None
        index = 0 if self._beats_each is None else beat // self._beats_each
        if index >= len(self._paths) and not self._is_looped:
            raise EndOfStream(f"{self._name} has been shown to its end")
        camera = self._show_next(index % len(self._paths))
        assert self._still is not None
        return self._stamper.stamp(self._still.frame(beat / self._fps), camera, time.monotonic())

    def close(self) -> None:
        """Let go of the picture."""
        self._pacer = None
        self._still = None
        self._shown = -1

    def _show_next(self, index: int) -> CameraDescription:
        """Picture `index`, or the first after it that can be read."""
        for at in range(index, index + len(self._paths)):
            try:
                return self._show(at % len(self._paths))
            except CaptureError as error:
                last = error
                if at % len(self._paths) not in self._unreadable:
                    self._unreadable.add(at % len(self._paths))
                    _log.warning("left out: %s", error)
        raise CaptureError(last.message, "Choose an intact JPEG, PNG, TIFF, BMP, WebP or DICOM file.") from last

    def _show(self, index: int) -> CameraDescription:
        if index == self._shown and self._camera is not None:
            return self._camera
        path = self._paths[index]
        self._still = MovingStill(reduced_still(path, self._longest_side_px), self._seed)
        self._shown = index
        self._camera = CameraDescription(
            name=path.name,
            camera_id=f"file:{path}",
            pixel_format="rgb8",
            width_px=self._still.width_px,
            height_px=self._still.height_px,
            nominal_fps=self._fps,
        )
        return self._camera
