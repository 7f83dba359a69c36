"""A picture of other software as pixels, with whatever its file says about scale, time, finger and side."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.domain.exam import Finger, Hand
from appliance.exports.codes import FINGER_SNOMED, SIDE_SNOMED
from appliance.exports.imports.placement_guess import Guess


class ScaleSource(Enum):
    """What of a file states its scale: a DICOM header, this product's own still, or the picture format's resolution."""

    DICOM = "dicom"
    STILL = "still"
    TAGS = "tags"


@dataclass(frozen=True)
class ForeignPicture:
    """A decoded picture.

    Attributes:
        image_rgb: uint8 (height, width, 3).
        taken_at_utc: when it was taken, as far as the file tells; None where it does not.
        um_per_px: scale embedded in the file; None without one.
        scale_source: where the file states it; None without a scale.
        scale_problem: what it states and nobody here understands: such a picture is measured with a scale that a person
            gives, and with no other.
        guess: finger and side where the file's own metadata names them.
        camera_name: of the device; empty where unknown.
        note: what of the file was not used or had to be assumed; empty where all was.
    """

    image_rgb: NDArray[np.uint8]
    taken_at_utc: datetime | None = None
    um_per_px: float | None = None
    scale_source: ScaleSource | None = None
    scale_problem: str = ""
    guess: Guess = field(default_factory=Guess)
    camera_name: str = ""
    note: str = ""


ReadStill = Callable[[Path], ForeignPicture]
"""Any picture, DICOM included. Raises CaptureError naming the file."""


def guess_of_codes(side: str, codes: Collection[str]) -> Guess:
    """From DICOM's laterality ("L", "R" or empty) and the SNOMED codes of region and modifiers."""
    by_code = next((one for one in Hand if SIDE_SNOMED[one][0] in codes), None)
    hand = {"L": Hand.LEFT, "R": Hand.RIGHT}.get(side, by_code)
    return Guess(hand, next((one for one in Finger if FINGER_SNOMED[one][0] in codes), None))
