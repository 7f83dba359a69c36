"""What a stored still says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.calibration import ScaleOrigin
from appliance.domain.exam import Placement


@dataclass(frozen=True)
class StillMetadata:
    """All that is needed to measure a still again without the box that took it. Holds nothing about the patient.

    Attributes:
        image_id, exam_id: UUID text.
        placement: hand, finger, sector.
        captured_at_utc: when the picture was taken.
        um_per_px, calibration_id: None together where there was no calibration.
        scale_origin, magnification: how the scale became known ("220x"); None where unknown.
        camera_name, camera_id, pixel_format: the device and its fourcc on the wire.
        software_version, runtime: of the station that took it.
        engines: role to "sha256:..." of the weights.
    """

    image_id: str
    exam_id: str
    placement: Placement
    captured_at_utc: datetime
    um_per_px: float | None
    calibration_id: str | None
    scale_origin: ScaleOrigin | None
    magnification: str | None
    camera_name: str
    camera_id: str
    pixel_format: str
    software_version: str
    runtime: str
    engines: Mapping[str, str]
