"""What a site may set about the camera."""

import re
from dataclasses import dataclass

from appliance.domain.errors import SettingsError

_PROFILE = re.compile(r"[0-9a-f]{4}:([0-9a-f]{4}|\*)")


@dataclass(frozen=True)
class CaptureSettings:
    """Which picture source, and how it is asked to deliver.

    Attributes:
        source: an address that `open_source` understands: "v4l2:", "v4l2:/dev/video0", "jetson:csi://0",
            "file:/path", "simulated:?seed=3".
        width_px, height_px: frame size asked of a camera or of the simulation. 640x480 is the one size that every
            Dino-Lite offers.
        fps: frames per second asked of a camera, a simulation or a still that is played as a live view.
        fourcc: pixel format asked of a camera, "MJPG" or "YUYV". Over USB 2, 1080p30 exists as MJPG alone.
        buffer_count: kernel buffers; two keep the picture fresh without losing every second frame.
        first_frame_timeout_s: patience after opening; some cameras settle their exposure before the first frame.
        stall_timeout_s: silence of a streaming camera after which it is closed and opened again.
        reopen_min_s, reopen_max_s: waits between attempts to open; each is twice the last.
        device_profiles: capillaroscopes that "v4l2:" prefers, as USB VID:PID in lower-case hexadecimal, PID may be
            "*". a168 is the vendor id of every Dino-Lite.
        still_longest_side_px: larger stills are reduced to this; capillaroscopes deliver 640 to 1280.
        still_seconds: how long each image of a folder is shown.

    Raises:
        SettingsError: a value no camera could be asked for.
    """

    source: str = "simulated:"
    width_px: int = 640
    height_px: int = 480
    fps: float = 30.0
    fourcc: str = "MJPG"
    buffer_count: int = 2
    first_frame_timeout_s: float = 5.0
    stall_timeout_s: float = 2.0
    reopen_min_s: float = 0.5
    reopen_max_s: float = 3.0
    device_profiles: tuple[str, ...] = ("a168:*",)
    still_longest_side_px: int = 1280
    still_seconds: float = 5.0

    def __post_init__(self) -> None:
        _require(16 <= self.width_px <= 8192, "width_px", self.width_px, "Use 16 to 8192.")
        _require(16 <= self.height_px <= 8192, "height_px", self.height_px, "Use 16 to 8192.")
        _require(1 <= self.fps <= 240, "fps", self.fps, "Use 1 to 240.")
        _require(self.fourcc in ("MJPG", "YUYV"), "fourcc", self.fourcc, 'Use "MJPG" or "YUYV".')
        _require(1 <= self.buffer_count <= 8, "buffer_count", self.buffer_count, "Use 1 to 8.")
        _require(self.stall_timeout_s > 0, "stall_timeout_s", self.stall_timeout_s, "Use more than 0.")
        _require(
            self.first_frame_timeout_s > 0, "first_frame_timeout_s", self.first_frame_timeout_s, "Use more than 0."
        )
        _require(
            0 < self.reopen_min_s <= self.reopen_max_s, "reopen_min_s", self.reopen_min_s, "Use 0 to reopen_max_s."
        )
        _require(
            self.still_longest_side_px >= 64, "still_longest_side_px", self.still_longest_side_px, "Use 64 or more."
        )
        _require(self.still_seconds > 0, "still_seconds", self.still_seconds, "Use more than 0.")
        for profile in self.device_profiles:
            _require(
                _PROFILE.fullmatch(profile) is not None, "device_profiles", profile, 'Use "VID:PID", such as "a168:*".'
            )


def _require(is_met: bool, name: str, value: object, remedy: str) -> None:
    if not is_met:
        raise SettingsError(f"capture setting {name} is {value!r}", remedy)
