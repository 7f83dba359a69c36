"""A calibration as it is kept: its device and setting, who made it with what, and whether it is in force."""

import calendar
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.domain.calibration import Axis, Calibration
from appliance.domain.measured_scale import CalibrationMethod

_COLONS_WITH_SERIAL = 2
"""VID:PID:serial."""


class CalibrationState(Enum):
    """ACTIVE: applies to its setup, one a setup. SUPERSEDED: a newer one took its place. RETIRED: withdrawn."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


@dataclass(frozen=True)
class ScopeSetup:
    """All that a scale depends on.

    Attributes:
        device_id: of one single device, as the camera's description has it.
        magnification: as the operator read it off the ring or lens, in the form of `magnification_text`.
        width_px, height_px: the frame size.
    """

    device_id: str
    magnification: str
    width_px: int
    height_px: int


Point = tuple[float, float]


@dataclass(frozen=True)
class Drawing:
    """What to draw over a measured picture, in its pixels.

    Attributes:
        lines: start and end of each graduation that was found.
        points: the two points that a person placed.
    """

    lines: tuple[tuple[Point, Point], ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """The picture behind one axis.

    Attributes:
        axis: which one.
        method: how the distance was found in it.
        division_um: between graduations, or between the two points.
        um_per_px, uncertainty_um_per_px: what it gave.
        sha256: hex digest of the PNG.
        drawing: to show where it was measured.
    """

    axis: Axis
    method: CalibrationMethod
    division_um: float
    um_per_px: float
    uncertainty_um_per_px: float
    sha256: str
    drawing: Drawing = Drawing()


@dataclass(frozen=True)
class KeptCalibration:
    """One calibration of one device.

    Attributes:
        calibration: the scale; its magnification and `made_at_utc` are never None here.
        device_id, device_name: the camera.
        target: what was measured, in the operator's words ("1 mm / 100, no. 4711").
        operator: the account's name.
        evidence: one entry an axis.
        state: whether it applies.
        changed_at_utc, changed_by: of the state; as made, until somebody changed it.
        note: free.
        target_tolerance_percent: of the target's certificate, held in the scale's uncertainty; None where unknown.
    """

    calibration: Calibration
    device_id: str
    device_name: str
    target: str
    operator: str
    evidence: tuple[Evidence, ...]
    state: CalibrationState
    changed_at_utc: datetime
    changed_by: str
    note: str = ""
    target_tolerance_percent: float | None = None

    @property
    def setup(self) -> ScopeSetup:
        """What it holds for."""
        known = self.calibration
        assert known.magnification is not None
        return ScopeSetup(self.device_id, known.magnification, known.width_px, known.height_px)

    @property
    def made_at_utc(self) -> datetime:
        """When it was made."""
        assert self.calibration.made_at_utc is not None
        return self.calibration.made_at_utc

    def is_due(self, now_utc: datetime, months: int) -> bool:
        """Whether it should be checked: it is so old (never for 0 months), or was kept by serial number alone, which
        another scope may bear."""
        if self.device_id.count(":") == _COLONS_WITH_SERIAL and "@" not in self.device_id and months > 0:
            return True
        return months > 0 and now_utc >= months_after(self.made_at_utc, months)


def months_after(moment: datetime, months: int) -> datetime:
    """The same day and time some months later; the last day of a month that is too short."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
