"""Every cut at which a value changes its name: half-open bands without gaps, their sources and their grey zones.

Rules, words, schemas' meanings and plots read the cuts from here; nobody writes "4 to 6", which says nothing of 6.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from appliance.domain import sources


@dataclass(frozen=True)
class Cut:
    """A border between two bands.

    Attributes:
        value: in the unit of its bands.
        belongs_above: whether exactly this value is already in the upper band.
    """

    value: float
    belongs_above: bool

    def is_below(self, value: float) -> bool:
        """Whether a value has passed this cut."""
        return value >= self.value if self.belongs_above else value > self.value


@dataclass(frozen=True)
class Bands:
    """Names from the lowest values to the highest, with the cuts between them.

    What is measured is named by `written`, the value that stands beside the name: 6.996 per mm stands as 7.00 in a
    result, and must not be called "below 7" there.

    Attributes:
        names: one more than cuts.
        cuts: rising.
        source: citation, and how far it was read.
        decimals: of the finest value that any document holds.

    Raises:
        ValueError: names and cuts do not fit, or the cuts do not rise.
    """

    names: tuple[str, ...]
    cuts: tuple[Cut, ...]
    source: str
    decimals: int = 6

    def __post_init__(self) -> None:
        values = [cut.value for cut in self.cuts]
        if len(self.names) != len(self.cuts) + 1 or sorted(set(values)) != values:
            raise ValueError(f"{len(self.names)} bands do not fit the cuts {values}")

    def written(self, value: float) -> float:
        """The value as documents hold it at the finest."""
        return round(value, self.decimals)

    def name(self, value: float) -> str:
        """The band that a value lies in; every value lies in exactly one."""
        passed = 0
        for cut in self.cuts:  # of every width of every frame: a generator takes twice as long
            passed += cut.is_below(value)
        return self.names[passed]

    def within(self, value: float, off: float) -> tuple[str, ...]:
        """The bands between `value - off` and `value + off`, lowest first; more than one is a grey zone."""
        first, last = self.names.index(self.name(value - off)), self.names.index(self.name(value + off))
        return self.names[first : last + 1]


DENSITY = Bands(
    ("extremely_lowered", "lowered", "normal"), (Cut(3.0, False), Cut(7.0, True)), sources.DENSITY_BANDS, decimals=2
)
"""Loops per mm: up to 3 and below 7 (Ghent tool); the names of the bands [to be confirmed]."""

CALIBRE = Bands(("normal", "enlarged", "giant"), (Cut(20.0, True), Cut(50.0, False)), sources.EULAR_2020, decimals=2)
"""Micrometres at the widest point: from 20 enlarged, above 50 giant. The Ghent tool says giant from 50: the sources
differ at exactly 50.0 alone."""

DILATED = Bands(("narrow", "dilated", "giant"), (Cut(30.0, True), Cut(50.0, False)), sources.PACINI_2022, decimals=2)
"""Loops of 30 to 50 um, by the same widest point."""

SEMIQUANTITATIVE = Bands(
    ("0", "1", "2", "3"), (Cut(0.0, False), Cut(1 / 3, False), Cut(0.66, True)), sources.SEMIQUANTITATIVE
)
"""Share of changed loops: none, up to 33 %, between, 66 % and more. 33 % is read as one of three, so that one of three
loops is 1 and two of three are 3, as the inequality signs of the source say."""

CSURI = Bands(("not_above", "above"), (Cut(2.94, False),), sources.CSURI_2009, decimals=4)
"""Above 2.94 (2.96 in the validation of 2012)."""

LOSS_INDEX = Bands(("below", "from"), (Cut(1.67, True),), sources.LOSS_INDEX_2011, decimals=4)
"""Cut-off 1.67. The abstract does not say to which side 1.67 itself belongs; means of eight whole scores never are
1.67."""

CUTS_OF: Mapping[str, tuple[Cut, ...]] = MappingProxyType(
    {
        "density_per_mm": DENSITY.cuts,
        "largest_width_um": CALIBRE.cuts,
        "csuri": CSURI.cuts,
        "loss_index": LOSS_INDEX.cuts,
    }
)
"""Figures whose value is named by these bands wherever it is printed."""

NUMBERS: Mapping[str, float] = MappingProxyType(
    {
        "extremely_up_to": DENSITY.cuts[0].value,
        "normal_from": DENSITY.cuts[1].value,
        "enlarged_from": CALIBRE.cuts[0].value,
        "giant_above": CALIBRE.cuts[1].value,
        "csuri_cut": CSURI.cuts[0].value,
        "loss_cut": LOSS_INDEX.cuts[0].value,
    }
)
"""The cuts that texts name in braces."""
