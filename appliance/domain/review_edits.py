"""The closed set of changes that a physician can make to an image's findings, and their JSON."""

import math
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Literal, Union

from appliance.domain.detection import BoundingBox, Morphology, Row, SizeClass
from appliance.domain.keypoints import WidthSegment

MIN_BOX_PX = 4.0
"""Smaller than any loop or haemorrhage at any magnification: a slip of the hand."""

MIN_WIDTH_PX = 1.0
"""A shorter segment is no column: the two end points fell together."""

LONGEST_TEXT = 2000
LONGEST_REASON = 200
FURTHEST_PX = 20_000.0


class WidthKind(Enum):
    APICAL = "apical"
    ARTERIAL = "arterial"
    VENOUS = "venous"


@dataclass(frozen=True)
class AddCapillary:
    """A loop that the machine missed; its row is found and its size judged as for any other.

    Attributes:
        finding_id: not used before in this image.
    """

    finding_id: str
    box: BoundingBox
    morphology: Morphology = Morphology.NORMAL
    kind: Literal["add_capillary"] = "add_capillary"

    def __post_init__(self) -> None:
        require_finding_id(self.finding_id)
        require_box(self.box)


@dataclass(frozen=True)
class DeleteCapillary:
    finding_id: str
    kind: Literal["delete_capillary"] = "delete_capillary"


@dataclass(frozen=True)
class ChangeBox:
    """A capillary or haemorrhage moved or resized. Widths stay where they were measured in the picture."""

    finding_id: str
    box: BoundingBox
    kind: Literal["change_box"] = "change_box"

    def __post_init__(self) -> None:
        require_box(self.box)


@dataclass(frozen=True)
class SetMorphology:
    """The physician's shape; from then on no measurement changes it.

    Attributes:
        against_measurement: said on purpose where the loop's width contradicts it; refused without.
    """

    finding_id: str
    morphology: Morphology
    against_measurement: bool = False
    kind: Literal["set_morphology"] = "set_morphology"


@dataclass(frozen=True)
class SetRow:
    """The physician's row; None gives it back to the rule."""

    finding_id: str
    row: Row | None
    kind: Literal["set_row"] = "set_row"


@dataclass(frozen=True)
class SetSize:
    """The physician's calibre, by eye; None gives it back to the measurement.

    Attributes:
        against_measurement: as for SetMorphology.
    """

    finding_id: str
    size: SizeClass | None
    against_measurement: bool = False
    kind: Literal["set_size"] = "set_size"


@dataclass(frozen=True)
class SetWidth:
    """A width drawn by hand across the red-cell column."""

    finding_id: str
    width: WidthKind
    segment: WidthSegment
    kind: Literal["set_width"] = "set_width"

    def __post_init__(self) -> None:
        for value in (*self.segment.start_px, *self.segment.end_px):
            require_place(value)
        if self.segment.length_px < MIN_WIDTH_PX:
            raise ValueError(f"a width of {self.segment.length_px:.2f} pixels is too short")


@dataclass(frozen=True)
class RemoveWidth:
    finding_id: str
    width: WidthKind
    kind: Literal["remove_width"] = "remove_width"


@dataclass(frozen=True)
class AddHaemorrhage:
    finding_id: str
    box: BoundingBox
    kind: Literal["add_haemorrhage"] = "add_haemorrhage"

    def __post_init__(self) -> None:
        require_finding_id(self.finding_id)
        require_box(self.box)


@dataclass(frozen=True)
class DeleteHaemorrhage:
    finding_id: str
    kind: Literal["delete_haemorrhage"] = "delete_haemorrhage"


@dataclass(frozen=True)
class SetComment:
    """The physician's words about the image; empty removes them."""

    text: str
    kind: Literal["set_comment"] = "set_comment"

    def __post_init__(self) -> None:
        require_text(self.text, LONGEST_TEXT)


@dataclass(frozen=True)
class Exclude:
    """The image enters no figure."""

    reason: str
    kind: Literal["exclude"] = "exclude"

    def __post_init__(self) -> None:
        require_text(self.reason, LONGEST_REASON)
        if not self.reason.strip():
            raise ValueError("an image is excluded for a reason")


@dataclass(frozen=True)
class Include:
    """The image counts, whatever was said before; also against the machine's own quality verdict."""

    kind: Literal["include"] = "include"


ImageEdit = Union[  # noqa: UP007 (a value at run time: the API's types are made from it)
    AddCapillary,
    DeleteCapillary,
    ChangeBox,
    SetMorphology,
    SetRow,
    SetSize,
    SetWidth,
    RemoveWidth,
    AddHaemorrhage,
    DeleteHaemorrhage,
    SetComment,
    Exclude,
    Include,
]
"""Everything that changes one image."""

EDIT_TYPES: tuple[type[ImageEdit], ...] = ImageEdit.__args__  # type: ignore[attr-defined]
_BY_KIND: dict[str, type[ImageEdit]] = {edit.kind: edit for edit in EDIT_TYPES}


def edit_to_json(edit: ImageEdit) -> dict[str, Any]:
    """The edit as plain JSON types, for the journal."""
    return {field.name: _plain(getattr(edit, field.name)) for field in fields(edit)}


def edit_from_json(stored: dict[str, Any]) -> ImageEdit:
    """The reverse of `edit_to_json`. Raises ValueError or KeyError for what it did not write."""
    values = {name: _READERS.get(name, str)(value) for name, value in stored.items() if name != "kind"}
    return _BY_KIND[stored["kind"]](**values)


def require_finding_id(finding_id: str) -> None:
    """Raise ValueError for what could not name a finding."""
    if not (finding_id.isascii() and finding_id.isalnum() and 1 <= len(finding_id) <= 12):
        raise ValueError(f"{finding_id!r} is no name of a finding: up to 12 letters and digits")


def require_box(box: BoundingBox) -> None:
    """Raise ValueError for a box that nobody draws on purpose."""
    for value in (box.x, box.y, box.w, box.h):
        require_place(value)
    if min(box.w, box.h) < MIN_BOX_PX:
        raise ValueError(f"a box of {box.w:.1f} x {box.h:.1f} pixels is too small")


def require_place(value: float) -> None:
    """Raise ValueError for a coordinate that no picture has."""
    if not math.isfinite(value) or abs(value) > FURTHEST_PX:
        raise ValueError(f"{value} is no place in a picture")


def require_text(text: str, longest: int) -> None:
    """Raise ValueError for a text that is too long."""
    if len(text) > longest:
        raise ValueError(f"a text of {len(text)} characters is longer than {longest}")


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BoundingBox):
        return [value.x, value.y, value.w, value.h]
    if isinstance(value, WidthSegment):
        return [list(value.start_px), list(value.end_px)]
    return value


_READERS: dict[str, Any] = {
    "against_measurement": bool,
    "box": lambda values: BoundingBox(*values),
    "morphology": Morphology,
    "row": lambda value: None if value is None else Row(value),
    "size": lambda value: None if value is None else SizeClass(value),
    "width": WidthKind,
    "segment": lambda ends: WidthSegment((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1])),
}
