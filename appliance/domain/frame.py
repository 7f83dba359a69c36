"""A picture with its place in time."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CameraDescription:
    """What is known of the camera that took a frame.

    Attributes:
        name: the maker's product name, or the file's name for a replay.
        camera_id: stable over re-plugging: VID:PID:serial@socket, a by-path name, or the path of a file.
        pixel_format: fourcc on the wire ("MJPG", "YUYV"), "rgb8" for rendered frames.
        width_px, height_px: size of the full frame.
        nominal_fps: frames per second that the device announced; None for a still.
    """

    name: str
    camera_id: str
    pixel_format: str
    width_px: int
    height_px: int
    nominal_fps: float | None = None


@dataclass(frozen=True)
class Frame:
    """One captured frame.

    Attributes:
        seq: counts up by one for each frame the source delivered since the station started.
        image_rgb: uint8, shape (height, width, 3), RGB, C-contiguous, read-only by convention.
        captured_monotonic_s: `time.monotonic()` when the picture was taken (not when it was processed).
        captured_at_utc: the same instant on the wall clock, timezone-aware UTC.
        camera: the device it came from.

    Raises:
        ValueError: the array is not uint8 of shape (height, width, 3), or the time has no timezone.
    """

    seq: int
    image_rgb: NDArray[np.uint8]
    captured_monotonic_s: float
    captured_at_utc: datetime
    camera: CameraDescription

    def __post_init__(self) -> None:
        image = self.image_rgb
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"frame expects uint8 (height, width, 3), got {image.dtype} {image.shape}")
        if self.captured_at_utc.tzinfo is None:
            raise ValueError("frame expects a timezone-aware UTC capture time")

    @property
    def width_px(self) -> int:
        return int(self.image_rgb.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.image_rgb.shape[0])
