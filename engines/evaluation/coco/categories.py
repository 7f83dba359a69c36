"""Which of the product's five classes a category of somebody else's file means."""

from collections.abc import Iterable, Mapping
from enum import Enum

from appliance.domain.detection import Morphology
from engines.datasets.labels import DatasetError


class Meaning(Enum):
    """What a label stands for. CAPILLARY is a loop of unknown shape: it is to be found, its class is not judged."""

    NORMAL = "normal"
    TORTUOUS = "tortuous"
    RAMIFIED = "ramified"
    GIANT = "giant"
    HAEMORRHAGE = "haemorrhage"
    CAPILLARY = "capillary"

    @property
    def shape(self) -> Morphology | None:
        """The shape it names; None for a haemorrhage or an unknown one."""
        return None if self in (Meaning.HAEMORRHAGE, Meaning.CAPILLARY) else Morphology(self.value)


# EULAR (Smith 2020, doi 10.1016/j.autrev.2020.102458): hairpin, tortuous and crossing are normal shapes. The reference
# paper counts tortuous by itself (Gracia Tello 2022), and so does the product. Calibre is no shape: "enlarged" says
# nothing of it and is judged by the label's `size` alone.
KNOWN: Mapping[Meaning, tuple[str, ...]] = {
    Meaning.NORMAL: ("normal", "hairpin", "crossing", "crossed", "open", "regular"),
    Meaning.TORTUOUS: ("tortuous", "meandering", "tortuosity"),
    Meaning.RAMIFIED: ("ramified", "bushy", "branching", "branched", "ramification", "angiogenesis", "neoangiogenesis"),
    Meaning.GIANT: ("giant", "megacapillary"),
    Meaning.HAEMORRHAGE: ("haemorrhage", "hemorrhage", "microhaemorrhage", "microhemorrhage", "bleeding"),
    Meaning.CAPILLARY: ("capillary", "loop", "vessel", "abnormal", "enlarged", "dilated"),
}
_BY_NAME = {name: meaning for meaning, names in KNOWN.items() for name in names}


def read_mapping(options: Iterable[str]) -> dict[str, Meaning]:
    """The user's own words, "bushy=ramified". Raises DatasetError for one that cannot be used."""
    mapping: dict[str, Meaning] = {}
    for wish in options:
        name, _, meaning = wish.rpartition("=")
        if not name or meaning not in {one.value for one in Meaning}:
            classes = ", ".join(one.value for one in Meaning)
            raise DatasetError(f"cannot map {wish!r}", f"Write NAME=CLASS with one of the classes {classes}.")
        mapping[_plain(name)] = Meaning(meaning)
    return mapping


def meanings_of(categories: Iterable[str], mapping: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """Category to meaning; the user's mapping stands above the table.

    Raises:
        DatasetError: a category is in neither, or the mapping names one that the file does not have.
    """
    names = {category: _plain(category) for category in categories}
    table = {**_BY_NAME, **mapping}
    if unknown := [category for category, name in names.items() if name not in table]:
        listed = ", ".join(f'"{category}"' for category in unknown)
        raise DatasetError(
            f"unknown category: {listed}", f'Say what it means: --map "{unknown[0]}=normal" (or another class).'
        )
    if unused := [name for name in mapping if name not in names.values()]:
        raise DatasetError(f'--map names "{unused[0]}", which the file does not have', f"It has {', '.join(names)}.")
    return {category: table[name] for category, name in names.items()}


def _plain(name: str) -> str:
    """Without case, and with the many ways to write the space of "giant capillary" taken as that word."""
    text = name.casefold().strip().replace("_", " ").replace("-", " ")
    for noun in (" capillaries", " capillary", " loops", " loop"):
        if text.endswith(noun):
            text = text.removesuffix(noun)
    return "".join(text.split())
