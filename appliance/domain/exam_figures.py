"""The figures of an exam: per image, sector, finger and whole exam, each with its uncertainty or its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.domain.exam import Finger, Hand, Placement

BY_THE_MACHINE = "not_evaluable"
"""The reason of a figure whose picture the station, and no person, found not evaluable."""


@dataclass(frozen=True)
class Figure:
    """One number, or why there is none.

    Attributes:
        value: in the unit of its definition; text for a category; None where it could not be computed.
        uncertainty: half the width of the 95 % interval, in the same unit; None where none is known.
        because: why `value` is None, a key of the catalogue's "because" group ("no_calibration", "no_giants", ...);
            None otherwise.
        basis: what it rests on, for the reader: {"evaluable_mm": 5.2, "images": 4}, {"rule": "fast_track_2a"}, ...
    """

    value: float | int | str | None
    uncertainty: float | None = None
    because: str | None = None
    basis: Mapping[str, float | int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.value is None) != (self.because is not None):
            raise ValueError(f"a figure has a value or a reason, not {self.value!r} with {self.because!r}")


Figures = Mapping[str, Figure]
"""By the key of a FigureDefinition."""


@dataclass(frozen=True)
class ExamFigures:
    """Everything that is computed from one reviewed exam.

    Attributes:
        exam: of all fingers together, scores included.
        fingers: of each finger with an image that counts, or an abstention for one without.
        sectors: of each placement.
        images: by image_id.
    """

    exam: Figures
    fingers: Mapping[tuple[Hand, Finger], Figures]
    sectors: Mapping[Placement, Figures]
    images: Mapping[str, Figures]
