"""One image under review: the machine's answer, the edits on it, and what they make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.analysis.against_measurement import contradicted_class
from appliance.analysis.apply_edit import apply_edit
from appliance.analysis.recorded_analysis import revise
from appliance.analysis.result_document import capillary_document, haemorrhage_document
from appliance.analysis.reviewed_findings import ReviewedCapillary, ReviewedFindings, machine_findings
from appliance.analysis.reviewed_image import reviewed_analysis
from appliance.analysis.size import is_possible_giant
from appliance.domain.exam import CapturedImage
from appliance.domain.review import ReviewedImage
from appliance.domain.review_edits import ImageEdit, WidthKind
from appliance.exam.review_log import ImageLog

Json = dict[str, Any]


@dataclass(frozen=True)
class ImageReview:
    """An image as the review page shows it.

    Attributes:
        reviewed: what figures are computed from.
        findings: in the order of `reviewed.analysis`.
        log: the edits behind it.
    """

    reviewed: ReviewedImage
    findings: ReviewedFindings
    log: ImageLog


def review_image(image: CapturedImage, log: ImageLog, counts_ramified_giants: bool = True) -> ImageReview:
    """The image after the edits that stand; its exam says what counts as a giant."""
    machine = image.recorded
    findings = after_edits(machine_findings(machine.analysis), log.done)
    analysis = reviewed_analysis(machine.analysis, findings)
    is_edited = analysis is not machine.analysis
    reviewed = ReviewedImage(
        image=image,
        recorded=revise(machine, analysis) if is_edited else machine,
        is_edited=is_edited,
        comment=findings.comment,
        not_evaluable_because=findings.not_evaluable_because,
        judged=frozenset(at for at, one in enumerate(findings.capillaries) if one.is_judged),
        against_measurement=sum(
            contradicted_class(one, analysis.um_per_px) is not None for one in findings.capillaries
        ),
        counts_ramified_giants=counts_ramified_giants,
    )
    return ImageReview(reviewed, findings, log)


def reviewed_image(image: CapturedImage, log: ImageLog, counts_ramified_giants: bool = True) -> ReviewedImage:
    """As `review_image(...).reviewed`; quick where nobody edited, which is most images of most exams."""
    if log.done:
        return review_image(image, log, counts_ramified_giants).reviewed
    return ReviewedImage(image, image.recorded, counts_ramified_giants=counts_ramified_giants)


def after_edits(findings: ReviewedFindings, edits: Sequence[ImageEdit]) -> ReviewedFindings:
    """The edits one after the other. Raises NotKeptError or ExamError for one that does not fit."""
    for edit in edits:
        findings = apply_edit(findings, edit)
    return findings


def finding_summary(review: ImageReview, finding_id: str | None) -> Json | None:
    """What the journal keeps of a finding before and after an edit; None where there is no such finding."""
    analysis = review.reviewed.analysis
    for one, capillary in zip(review.findings.capillaries, analysis.capillaries, strict=True):
        if one.finding_id == finding_id:
            return _capillary_summary(capillary_document(capillary, analysis.um_per_px))
    for drawn, haemorrhage in zip(review.findings.haemorrhages, analysis.haemorrhages, strict=True):
        if drawn.finding_id == finding_id:
            return {"box_px": haemorrhage_document(haemorrhage)["bbox_px"]}
    return None


def origins_of(review: ImageReview) -> list[Json]:
    """What of each capillary a person decided, for the page."""
    return [_origin_of(one, review.reviewed) for one in review.findings.capillaries]


def _origin_of(one: ReviewedCapillary, reviewed: ReviewedImage) -> Json:
    contradicted = contradicted_class(one, reviewed.analysis.um_per_px)
    return {
        "contradicts": None if contradicted is None else contradicted.value,
        "finding_id": one.finding_id,
        "is_drawn": one.is_drawn,
        "widths_by_hand": [kind.value for kind in WidthKind if kind in one.hand_widths],
        "shape_by_hand": one.hand_shape is not None,
        "size_by_hand": one.hand_size is not None,
        "row_by_hand": one.hand_row is not None,
        "is_possible_giant": is_possible_giant(one.capillary, one.is_judged) and reviewed.is_giant(one.capillary),
        "is_changed": one.is_drawn or one.capillary != one.machine or one.hand_row is not None,
    }


def _capillary_summary(written: Json) -> Json:
    return {
        "box_px": written["bbox_px"],
        "morphology": written["morphology"],
        "size": written["size"],
        "row": written["row"],
        "widths_px": written["widths_px"],
        "widths_um": written["widths_um"],
    }
