"""Whether a measured scale is plausible: the width of the picture against what others published."""

import re
from dataclasses import dataclass
from enum import Enum

from appliance.domain.device_profile import DeviceProfile, KnownField

# Pictures of 1.33 to 3.3 mm occur in published nailfold capillaroscopy at 200x to 250x.
_PUBLISHED_UM = (1330.0, 3300.0)
_PUBLISHED_AT = (180.0, 260.0)
# A wrong division is wrong by a factor of two at least; rings turn between one unit and the next.
_NEAR = 0.15
_FAR = 2.0


class Plausibility(Enum):
    """FITS, DIFFERS: against the device's own figure. UNUSUAL: against all published. UNKNOWN: nothing to compare."""

    FITS = "fits"
    DIFFERS = "differs"
    UNUSUAL = "unusual"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class FieldHint:
    """What to tell the operator.

    Attributes:
        plausibility: the verdict.
        field_um: width of the picture by this scale.
        known: the figure it was compared with, if it is the device's.
    """

    plausibility: Plausibility
    field_um: float
    known: KnownField | None = None


def field_hint(um_per_px: float, width_px: int, profile: DeviceProfile, magnification: str) -> FieldHint:
    """The verdict over a scale for pictures `width_px` wide; a hint, never a refusal."""
    field_um = um_per_px * width_px
    known = profile.field_at(magnification)
    if known is not None:
        fits = abs(field_um / known.width_um - 1) <= _NEAR
        return FieldHint(Plausibility.FITS if fits else Plausibility.DIFFERS, field_um, known)
    number = float((re.findall(r"[\d.]+", magnification) or ["0"])[0])
    if not _PUBLISHED_AT[0] <= number <= _PUBLISHED_AT[1]:
        return FieldHint(Plausibility.UNKNOWN, field_um)
    is_odd = field_um < _PUBLISHED_UM[0] / _FAR or field_um > _PUBLISHED_UM[1] * _FAR
    return FieldHint(Plausibility.UNUSUAL if is_odd else Plausibility.UNKNOWN, field_um)
