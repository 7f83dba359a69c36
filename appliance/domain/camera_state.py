"""What the operator sees of the camera's state."""

from dataclasses import dataclass
from enum import Enum

from appliance.domain.frame import CameraDescription


class CameraPhase(Enum):
    """STARTING until the first frame; LIVE while frames come; LOST after unplug or stall, until they come again."""

    STARTING = "starting"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True)
class CameraState:
    """A snapshot.

    Attributes:
        phase: see CameraPhase.
        camera: None until it was opened once.
        reason: why there is no picture, in the operator's words; empty while live.
        frames_captured, frames_dropped: since the station started; dropped = never taken by the engine.
        capture_fps: over the last two seconds.
    """

    phase: CameraPhase
    camera: CameraDescription | None
    reason: str
    frames_captured: int
    frames_dropped: int
    capture_fps: float
