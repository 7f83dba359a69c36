"""What one line of the table of figures says; the table is `figure_definitions`."""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Kind(Enum):
    """What a figure is, which decides how it is summed, compared and printed."""

    COUNT = "count"
    LENGTH = "length"
    DENSITY = "density"
    SHARE = "share"
    SCORE = "score"
    CATEGORY = "category"


class Extent(IntEnum):
    """The least that has a figure; whatever holds more of the exam has it too.

    PICTURE: any picture, a panorama too. STILL: not a panorama. FINGER: several images together. EXAM: the exam alone.
    """

    PICTURE = 1
    STILL = 2
    FINGER = 3
    EXAM = 4


class Place(Enum):
    """Where pages and reports show a figure by themselves; exports, API and the report's form know all of them."""

    LIVE_READINGS = "live_readings"
    LIVE_SHAPES = "live_shapes"
    REVIEW_PANEL = "review_panel"
    PICTURE_COLUMNS = "picture_columns"
    EXAM_CARDS = "exam_cards"
    FINGER_COLUMNS = "finger_columns"
    PATIENT_COLUMNS = "patient_columns"
    TREND_PLOTS = "trend_plots"
    REPORT_CHANGES = "report_changes"


@dataclass(frozen=True)
class Measured:
    """How a figure stands under `metrics` in the result of one image; the field of ImageMetrics has the same name.

    Attributes:
        description: in the JSON Schema.
        digits: decimals that are kept; None for a count.
        can_be_zero: whether 0 is a value that it can have.
    """

    description: str
    digits: int | None = None
    can_be_zero: bool = True


@dataclass(frozen=True)
class FigureDefinition:
    """What a figure means and where it is shown.

    Attributes:
        key: stable name in documents, exports and words: "density_per_mm"; its code in FHIR and DICOM too.
        unit: UCUM: "/mm", "um", "1", "%"; empty for a category.
        decimals: as printed.
        source: citation of the definition, with its DOI; "[to be confirmed]" where the paper was not read in full.
        kind: what it is.
        extent: the least that has it as a figure of an exam; None for what only the result of one image has.
        measured: how it stands in the result of one image; None where it does not.
        places: where it is shown.
        cuts: values with a meaning, drawn as lines in plots.
    """

    key: str
    unit: str
    decimals: int
    source: str
    kind: Kind = Kind.COUNT
    extent: Extent | None = Extent.PICTURE
    measured: Measured | None = None
    places: tuple[Place, ...] = ()
    cuts: tuple[float, ...] = ()
