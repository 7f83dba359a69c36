"""Stored pictures, played as if a scope were held over them."""

import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.capture.moving_still import MovingStill
from appliance.capture.pacing import Pacer
from appliance.capture.stamping import FrameStamper
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def read_still(path: Path, longest_side_px: int) -> NDArray[np.uint8]:
    """The picture as uint8 RGB (height, width, 3), upright by its EXIF orientation.

    A larger one is reduced to `longest_side_px` by area averaging; a smaller one is left as it is.

    Raises:
        CaptureError: the file cannot be read as an image.
    """
    try:
        image_bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise _unreadable(path) from error
    if image_bgr is None:
        raise _unreadable(path)
    scale = longest_side_px / max(image_bgr.shape[:2])
    if scale < 1:
        size = (round(image_bgr.shape[1] * scale), round(image_bgr.shape[0] * scale))
        image_bgr = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8)


class StillSource:
    """A video source that shows one picture after the other.

    A single picture is shown for ever; several are shown for a while each and then end, or start again.

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
        self._camera: CameraDescription | None = None

    def open(self) -> CameraDescription:
        """Show the first picture. Raises CaptureError if it cannot be read."""
        self._shown = -1
        camera = self._show(0)
        self._pacer = Pacer(self._fps)
        return camera

    def read(self, timeout_s: float) -> Frame | None:
        """The next view; raises EndOfStream after the last picture, CaptureError for one that cannot be read."""
        if self._pacer is None:
            raise CaptureError(f"{self._name} was read before it was opened", "Open it first.")
        beat = self._pacer.wait(timeout_s)
        if beat is None:
            return None
        index = 0 if self._beats_each is None else beat // self._beats_each
        if index >= len(self._paths) and not self._is_looped:
            raise EndOfStream(f"{self._name} has been shown to its end")
        camera = self._show(index % len(self._paths))
        assert self._still is not None
        return self._stamper.stamp(self._still.frame(beat / self._fps), camera, time.monotonic())

    def close(self) -> None:
        """Let go of the picture."""
        self._pacer = None
        self._still = None
        self._shown = -1

    def _show(self, index: int) -> CameraDescription:
        if index == self._shown and self._camera is not None:
            return self._camera
        path = self._paths[index]
        self._still = MovingStill(read_still(path, self._longest_side_px), self._seed)
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


def _unreadable(path: Path) -> CaptureError:
    return CaptureError(
        f"{path} cannot be read as an image",
        "Choose an intact JPEG, PNG, TIFF, BMP or WebP file; this one may be damaged.",
    )
