"""Findings of one image while a physician edits them: every edit is one pure step."""

from dataclasses import dataclass, field, replace

from appliance.analysis.measure import is_possible_width, loop_of
from appliance.analysis.size import classify_size, settle_morphology
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.detection import (
    BoundingBox,
    HaemorrhageDetection,
    Morphology,
    Row,
    SizeBasis,
    SizeClass,
)
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.review_edits import WidthKind

BY_HAND_SCORE = 1.0
"""What stands for the detector's confidence where a person drew the finding."""


@dataclass(frozen=True)
class ReviewedCapillary:
    """A capillary with what a person decided about it.

    Attributes:
        capillary: as it stands now, but for its row where the rule decides.
        machine: as it was found; of one drawn by hand as it was drawn.
        hand_widths: drawn by a person; kept wherever the box goes.
        hand_shape, hand_size, hand_row: None where the machine or the rule decides.
    """

    finding_id: str
    capillary: Capillary
    machine: Capillary
    is_drawn: bool = False
    hand_widths: frozenset[WidthKind] = frozenset()
    hand_shape: Morphology | None = None
    hand_size: SizeClass | None = None
    hand_row: Row | None = None

    @property
    def is_judged(self) -> bool:
        """Whether a person decided what it is: its shape, its calibre or a width."""
        return bool(self.is_drawn or self.hand_widths or self.hand_shape or self.hand_size)


@dataclass(frozen=True)
class ReviewedHaemorrhage:
    finding_id: str
    detection: HaemorrhageDetection


@dataclass(frozen=True)
class ReviewedFindings:
    """Everything that edits can change in one image.

    Attributes:
        um_per_px: of the image; None leaves every micrometre unmeasured.
        rows_are_stale: a box or apex has changed, so the distal row has to be found anew.
        is_edited: a finding differs, or may differ, from the machine's.
        is_included: a person let the image count against the machine's verdict.
    """

    um_per_px: float | None
    capillaries: tuple[ReviewedCapillary, ...]
    haemorrhages: tuple[ReviewedHaemorrhage, ...]
    comment: str = ""
    not_evaluable_because: str | None = None
    rows_are_stale: bool = False
    is_edited: bool = False
    is_included: bool = False
    used_ids: frozenset[str] = field(default_factory=frozenset)


def machine_findings(machine: ImageAnalysis) -> ReviewedFindings:
    """The machine's answer, its capillaries named m1, m2, ... and its haemorrhages h1, h2, ... in their order."""
    capillaries = tuple(ReviewedCapillary(f"m{at}", one, one) for at, one in enumerate(machine.capillaries, start=1))
    haemorrhages = tuple(ReviewedHaemorrhage(f"h{at}", one) for at, one in enumerate(machine.haemorrhages, start=1))
    names = frozenset(one.finding_id for one in capillaries) | frozenset(one.finding_id for one in haemorrhages)
    return ReviewedFindings(machine.um_per_px, capillaries, haemorrhages, used_ids=names)


def drawn_capillary(finding_id: str, box: BoundingBox, shape: Morphology) -> ReviewedCapillary:
    """A capillary that a person drew: of normal calibre by appearance until a width is drawn, a giant if called one."""
    size = SizeClass.GIANT if shape is Morphology.GIANT else SizeClass.NORMAL
    drawn = Capillary(box, BY_HAND_SCORE, None, Row.OTHER, shape, size, SizeBasis.APPEARANCE, None, None, None, None)
    return ReviewedCapillary(finding_id, drawn, drawn, is_drawn=True, hand_shape=shape)


def with_box(one: ReviewedCapillary, box: BoundingBox) -> ReviewedCapillary:
    """The capillary in another box; machine widths that cannot belong to that box go."""
    changed = replace(one.capillary, bbox=box)
    for kind in WidthKind:
        width: MeasuredWidth | None = getattr(changed, kind.value)
        if width is not None and kind not in one.hand_widths and not is_possible_width(width.segment, box):
            changed = _put_width(changed, kind, None)
    return decided(replace(one, capillary=changed))


def with_width(
    one: ReviewedCapillary, kind: WidthKind, segment: WidthSegment | None, um_per_px: float | None
) -> ReviewedCapillary:
    """The capillary with a width drawn by hand, or without one."""
    if segment is None:
        return decided(
            replace(one, capillary=_put_width(one.capillary, kind, None), hand_widths=one.hand_widths - {kind})
        )
    if kind is WidthKind.APICAL:
        segment = _outer_end_first(segment, one.capillary.bbox)
    px = segment.length_px
    width = MeasuredWidth(segment, px, None if um_per_px is None else px * um_per_px)
    capillary = _put_width(one.capillary, kind, width)
    return decided(replace(one, capillary=capillary, hand_widths=one.hand_widths | {kind}))


def decided(one: ReviewedCapillary) -> ReviewedCapillary:
    """Calibre and shape by the device's own rules, except where a person decided."""
    size, basis = _size_of(one)
    shape = one.hand_shape or settle_morphology(one.machine.morphology, size, basis)
    if one.hand_shape is not None and basis is SizeBasis.APPEARANCE and one.hand_size is None:
        size = _size_of_shape(one.hand_shape, size)
    return replace(one, capillary=replace(one.capillary, morphology=shape, size=size, size_basis=basis))


def _size_of(one: ReviewedCapillary) -> tuple[SizeClass, SizeBasis]:
    if one.hand_size is not None:
        return one.hand_size, SizeBasis.APPEARANCE
    loop = loop_of(one.capillary)
    # What the machine measured with a width that is gone is no judgement by appearance that a limb must not lower.
    seen = one.machine.size
    if loop.widths and one.machine.size_basis is SizeBasis.MEASURED:
        seen = SizeClass.NORMAL
    return classify_size(replace(loop, detection=replace(loop.detection, size_by_appearance=seen)))


def _size_of_shape(shape: Morphology, size: SizeClass) -> SizeClass:
    """Without a measurement a giant by hand is of giant calibre, and what is called no giant is at most enlarged."""
    if shape is Morphology.GIANT:
        return SizeClass.GIANT
    return SizeClass.ENLARGED if size is SizeClass.GIANT and shape is not Morphology.RAMIFIED else size


def _put_width(capillary: Capillary, kind: WidthKind, width: MeasuredWidth | None) -> Capillary:
    if kind is WidthKind.APICAL:
        return replace(capillary, apical=width, apex_px=None if width is None else width.segment.start_px)
    if kind is WidthKind.ARTERIAL:
        return replace(capillary, arterial=width)
    return replace(capillary, venous=width)


def _outer_end_first(segment: WidthSegment, box: BoundingBox) -> WidthSegment:
    """The bend's outer edge lies farther from the middle of its box than the inner one, whatever the picture's roll."""
    middle = box.centre
    start, end = (WidthSegment(middle, point).length_px for point in (segment.start_px, segment.end_px))
    return segment if start >= end else WidthSegment(segment.end_px, segment.start_px)
