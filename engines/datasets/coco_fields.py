"""Members of a COCO file, each checked when it is taken; what is wrong is named with its place."""

from pathlib import PurePosixPath
from typing import Any

from appliance.domain.detection import SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from engines.datasets.labels import DatasetError, Standing

KEYPOINTS = ("apical_a", "apical_b", "arterial_a", "arterial_b", "venous_a", "venous_b")
"""Order of the six points of a loop, as in engines/weights; 18 numbers: x, y, v each, v 0 where not labelled."""

LARGEST = 1e9

JsonObject = dict[str, Any]


class Fields:
    """One object of the file.

    Args:
        values: as parsed.
        place: how an error calls it: 'images[3]'.
    """

    def __init__(self, values: object, place: str) -> None:
        if not isinstance(values, dict):
            raise DatasetError(f"{place} is not an object")
        self._values: JsonObject = values
        self.place = place

    def refuse(self, name: str, expected: str) -> DatasetError:
        """The error for a member that cannot be used."""
        seen = repr(self._values[name])[:60] if name in self._values else "missing"
        return DatasetError(f'{self.place}: "{name}" is {seen}, expected {expected}')

    def objects(self, name: str) -> list["Fields"]:
        """A list of objects."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self.refuse(name, "a list")
        return [Fields(item, f"{name}[{at}]") for at, item in enumerate(value)]

    def whole(self, name: str, least: int = 0) -> int:
        """A whole number of at least `least`."""
        value = self._values.get(name)
        if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
            value = int(value)  # tables with a gap in a column write 1.0
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.refuse(name, f"a whole number from {least}")
        return value

    def text(self, name: str) -> str:
        """Text that is not empty."""
        value = self._values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(name, "a name")
        return value.strip()

    def optional_text(self, name: str) -> str:
        """Text; empty where it is missing or null."""
        return "" if self._values.get(name) is None else self.text(name)

    def file_name(self) -> str:
        """A path that stays inside the pictures' folder."""
        path = PurePosixPath(self.text("file_name").replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise self.refuse("file_name", "a path inside the pictures' folder")
        return str(path)

    def positive(self, name: str, or_zero: bool = False) -> float | None:
        """A number above zero; None where it is missing or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if not _is_number(value) or value < 0 or (value == 0 and not or_zero):
            raise self.refuse(name, "a number from 0" if or_zero else "a number above 0")
        return float(value)

    def numbers(self, name: str, count: int) -> list[float]:
        """Exactly `count` numbers."""
        value = self._values.get(name)
        if not isinstance(value, list) or len(value) != count or not all(_is_number(item) for item in value):
            raise self.refuse(name, f"{count} numbers")
        return [float(item) for item in value]

    def flags(self) -> frozenset[str]:
        """Names in `flags` that are set; none where it is missing or null."""
        value = self._values.get("flags") or {}
        if not isinstance(value, dict):
            raise self.refuse("flags", "an object")
        return frozenset(name for name, is_set in value.items() if is_set)

    def standing(self) -> Standing:
        """From `iscrowd` and `ignore`, each 0, 1, null or missing."""
        for name, standing in (("iscrowd", Standing.CROWD), ("ignore", Standing.IGNORED)):
            value = self._values.get(name) or 0
            if value not in (0, 1):
                raise self.refuse(name, "0 or 1")
            if value:
                return standing
        return Standing.TARGET

    def size(self) -> SizeClass | None:
        """The calibre class; None where it is missing or null."""
        value = self._values.get("size")
        names = [size.value for size in SizeClass]
        if value is None:
            return None
        if value not in names:
            raise self.refuse("size", " or ".join(names))
        return SizeClass(value)

    def widths(self) -> LoopKeypoints:
        """The three widths; None for each of which an end is not labelled (v 0)."""
        if not self._values.get("keypoints"):
            return LoopKeypoints(None, None, None)
        ends = self.numbers("keypoints", 3 * len(KEYPOINTS))
        return LoopKeypoints(*(_segment(ends[at : at + 6]) for at in (0, 6, 12)))


def _segment(ends: list[float]) -> WidthSegment | None:
    x0, y0, v0, x1, y1, v1 = ends
    return WidthSegment((x0, y0), (x1, y1)) if v0 > 0 and v1 > 0 else None


def _is_number(value: object) -> bool:
    """Neither NaN nor infinite, nor beyond what any picture could hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST
