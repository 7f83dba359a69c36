"""What of an exam is done, what is missing and what was not evaluable, nailfold by nailfold."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from appliance.domain.exam import CapturedImage, Exam, Finger, Hand, ImageKind, Placement, Sector
from appliance.domain.exam_protocol import NAILFOLD_SECTORS, ExamProtocol, protocol_named
from appliance.domain.review import ReviewedExam


class CellState(Enum):
    """Of one sector. OPEN: nothing there and nothing asked for."""

    DONE = "done"
    MISSING = "missing"
    NOT_EVALUABLE = "not_evaluable"
    OPEN = "open"


@dataclass(frozen=True)
class MapCell:
    """One sector of one nailfold.

    Attributes:
        image_ids: the pictures that were kept there, clips and panoramas aside.
        reasons: why it is not evaluable: quality reasons of the pictures ("glare") or a person's own words.
    """

    placement: Placement
    state: CellState
    image_ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandMap:
    """Every nailfold sector of ten fingers, left hand first, A to D.

    Attributes:
        elsewhere: pictures per finger in no named sector: "unknown" and panoramic.
    """

    cells: tuple[MapCell, ...]
    elsewhere: Mapping[tuple[Hand, Finger], int]

    def count(self, state: CellState) -> int:
        """How many sectors are in that state."""
        return sum(cell.state is state for cell in self.cells)

    @property
    def is_complete(self) -> bool:
        """Nothing that the protocol asks for is missing."""
        return self.count(CellState.MISSING) == 0


def hand_map(exam: Exam) -> HandMap:
    """The map by the machine's own word on each picture."""
    return _hand_map(exam, {image.image_id: _machine_reasons(image) for image in exam.images})


def reviewed_hand_map(reviewed: ReviewedExam) -> HandMap:
    """The map after review: a picture that a person excluded does not count."""
    reasons: dict[str, tuple[str, ...] | None] = {}
    for image in reviewed.images:
        because = image.not_evaluable_because
        reasons[image.image.image_id] = _machine_reasons(image.image) if because is None else (because,)
    return _hand_map(reviewed.exam, reasons)


def _hand_map(exam: Exam, reasons_of: Mapping[str, tuple[str, ...] | None]) -> HandMap:
    protocol = protocol_named(exam.protocol)
    skipped = {entry.placement: entry.reason for entry in exam.skipped}
    stills = [image for image in exam.images if image.kind is ImageKind.STILL]
    cells = []
    for hand in Hand:
        for finger in Finger:
            for sector in NAILFOLD_SECTORS:
                placement = Placement(hand, finger, sector)
                found = {image.image_id: reasons_of[image.image_id] for image in stills if image.placement == placement}
                cells.append(_cell(placement, found, skipped.get(placement), protocol))
    return HandMap(tuple(cells), _elsewhere(exam))


def _cell(
    placement: Placement, found: Mapping[str, tuple[str, ...] | None], skipped: str | None, protocol: ExamProtocol
) -> MapCell:
    if None in found.values():
        return MapCell(placement, CellState.DONE, tuple(found))
    reasons = [*dict.fromkeys(reason for entry in found.values() for reason in entry or ())]
    if skipped is not None:
        reasons.append(skipped)
    if found or skipped is not None:
        return MapCell(placement, CellState.NOT_EVALUABLE, tuple(found), tuple(reasons))
    is_asked_for = placement in protocol.placements and not protocol.is_complete_without
    return MapCell(placement, CellState.MISSING if is_asked_for else CellState.OPEN)


def _machine_reasons(image: CapturedImage) -> tuple[str, ...] | None:
    """None where the picture counts."""
    quality = image.analysis.quality
    return None if quality.is_evaluable else tuple(reason.value for reason in quality.reasons)


def _elsewhere(exam: Exam) -> dict[tuple[Hand, Finger], int]:
    counts: dict[tuple[Hand, Finger], int] = {}
    for image in exam.images:
        if image.sector in (Sector.UNKNOWN, Sector.PANORAMIC):
            counts[image.hand, image.finger] = counts.get((image.hand, image.finger), 0) + 1
    return counts
