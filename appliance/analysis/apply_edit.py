"""One edit applied to the findings of an image."""

from collections.abc import Callable
from dataclasses import replace

from appliance.analysis.reviewed_findings import (
    BY_HAND_SCORE,
    ReviewedCapillary,
    ReviewedFindings,
    ReviewedHaemorrhage,
    decided,
    drawn_capillary,
    with_box,
    with_width,
)
from appliance.domain.detection import HaemorrhageDetection
from appliance.domain.errors import ExamError, NotKeptError
from appliance.domain.review_edits import (
    AddCapillary,
    AddHaemorrhage,
    ChangeBox,
    DeleteCapillary,
    DeleteHaemorrhage,
    Exclude,
    ImageEdit,
    Include,
    RemoveWidth,
    SetComment,
    SetMorphology,
    SetRow,
    SetSize,
    SetWidth,
    WidthKind,
)

Step = Callable[[ReviewedCapillary], ReviewedCapillary]


def apply_edit(findings: ReviewedFindings, edit: ImageEdit) -> ReviewedFindings:
    """The findings after the edit; what it does not name stays as it was.

    Raises:
        NotKeptError: the edit names a finding that is not there.
        ExamError: a new finding has a name that was used before.
    """
    if isinstance(edit, (SetComment, Exclude, Include)):
        return _said(findings, edit)
    if isinstance(edit, (AddCapillary, AddHaemorrhage)):
        return _with_new(findings, edit)
    if isinstance(edit, (DeleteCapillary, DeleteHaemorrhage)):
        return _without(findings, edit)
    if isinstance(edit, ChangeBox) and any(one.finding_id == edit.finding_id for one in findings.haemorrhages):
        return _with_haemorrhage_at(findings, edit)
    step, moves_row = _step(edit, findings.um_per_px)
    stepped = step(_capillary(findings, edit.finding_id))
    return replace(
        findings,
        capillaries=tuple(stepped if one.finding_id == edit.finding_id else one for one in findings.capillaries),
        rows_are_stale=findings.rows_are_stale or moves_row,
        is_edited=True,
    )


def _step(
    edit: ChangeBox | SetMorphology | SetRow | SetSize | SetWidth | RemoveWidth, um_per_px: float | None
) -> tuple[Step, bool]:
    """What the edit does to its capillary, and whether the distal row has to be found anew."""
    if isinstance(edit, ChangeBox):
        return (lambda one: with_box(one, edit.box)), True
    if isinstance(edit, SetMorphology):
        return (lambda one: decided(replace(one, hand_shape=edit.morphology))), False
    if isinstance(edit, SetRow):
        # Given back to the rule, the row has to be found by it.
        return (lambda one: replace(one, hand_row=edit.row)), edit.row is None
    if isinstance(edit, SetSize):
        return (lambda one: decided(replace(one, hand_size=edit.size))), False
    segment = edit.segment if isinstance(edit, SetWidth) else None
    return (lambda one: with_width(one, edit.width, segment, um_per_px)), edit.width is WidthKind.APICAL


def _with_new(findings: ReviewedFindings, edit: AddCapillary | AddHaemorrhage) -> ReviewedFindings:
    if edit.finding_id in findings.used_ids:
        raise ExamError(f"could not add {edit.finding_id}: the name was used before", "Reload the page.")
    named = replace(findings, used_ids=findings.used_ids | {edit.finding_id}, is_edited=True)
    if isinstance(edit, AddHaemorrhage):
        new = ReviewedHaemorrhage(edit.finding_id, HaemorrhageDetection(edit.box, BY_HAND_SCORE))
        return replace(named, haemorrhages=(*named.haemorrhages, new))
    drawn = drawn_capillary(edit.finding_id, edit.box, edit.morphology)
    return replace(named, capillaries=(*named.capillaries, drawn), rows_are_stale=True)


def _said(findings: ReviewedFindings, edit: SetComment | Exclude | Include) -> ReviewedFindings:
    if isinstance(edit, SetComment):
        return replace(findings, comment=edit.text.strip())
    if isinstance(edit, Exclude):
        return replace(findings, not_evaluable_because=edit.reason.strip())
    return replace(findings, not_evaluable_because=None, is_included=True)


def _without(findings: ReviewedFindings, edit: DeleteCapillary | DeleteHaemorrhage) -> ReviewedFindings:
    if isinstance(edit, DeleteCapillary):
        gone = _capillary(findings, edit.finding_id)
        capillaries = tuple(one for one in findings.capillaries if one is not gone)
        return replace(findings, capillaries=capillaries, rows_are_stale=True, is_edited=True)
    kept = tuple(one for one in findings.haemorrhages if one.finding_id != edit.finding_id)
    if len(kept) == len(findings.haemorrhages):
        raise _missing(edit.finding_id)
    return replace(findings, haemorrhages=kept, is_edited=True)


def _with_haemorrhage_at(findings: ReviewedFindings, edit: ChangeBox) -> ReviewedFindings:
    moved = tuple(
        replace(one, detection=replace(one.detection, bbox=edit.box)) if one.finding_id == edit.finding_id else one
        for one in findings.haemorrhages
    )
    return replace(findings, haemorrhages=moved, is_edited=True)


def _capillary(findings: ReviewedFindings, finding_id: str) -> ReviewedCapillary:
    for one in findings.capillaries:
        if one.finding_id == finding_id:
            return one
    raise _missing(finding_id)


def _missing(finding_id: str) -> NotKeptError:
    return NotKeptError(f"the image has no finding {finding_id}", "It may have been deleted; reload the page.")
