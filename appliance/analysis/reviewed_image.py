"""The result of an image after a review, computed by the same rules as the device's own."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.analysis.counted_row import CountedRow, counted_row
from appliance.analysis.density import RowDensity, measure_density
from appliance.analysis.distal_row import find_distal_row, row_apices, row_through
from appliance.analysis.measure import MeasuredLoop, loop_of
from appliance.analysis.metrics import count_metrics
from appliance.analysis.reviewed_findings import ReviewedCapillary, ReviewedFindings
from appliance.analysis.row_fit import RowCurve
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.detection import Row
from appliance.domain.measurement import Capillary
from appliance.domain.quality import FrameQuality, QualityReason


def reviewed_analysis(machine: ImageAnalysis, findings: ReviewedFindings) -> ImageAnalysis:
    """The result as it stands; `machine` itself where no finding was edited.

    Capillaries and haemorrhages are in the order of `findings`.
    """
    quality = _quality(machine.quality, findings)
    if not findings.is_edited and quality == machine.quality:
        return machine
    capillaries, curve = _with_rows(findings, (machine.width_px, machine.height_px))
    if _is_row_untouched(findings) and quality.is_evaluable == machine.quality.is_evaluable:
        known, row_px = machine.metrics, machine.counted_row_px
        density = RowDensity(known.distal_row_mm, known.density_per_mm, known.density_unmeasurable_because)
    else:
        counted = None if curve is None else _counted(machine, capillaries, curve)
        row_px = () if counted is None else counted.stretches_px
        distal = sum(one.row is Row.DISTAL for one in capillaries)
        density = measure_density(curve, distal, findings.um_per_px, quality.is_evaluable, counted)
    haemorrhages = tuple(one.detection for one in findings.haemorrhages)
    metrics = count_metrics(capillaries, len(haemorrhages), density)
    return replace(
        machine,
        quality=quality,
        capillaries=capillaries,
        haemorrhages=haemorrhages,
        metrics=metrics,
        counted_row_px=row_px,
    )


def _quality(machine: FrameQuality, findings: ReviewedFindings) -> FrameQuality:
    """The machine's verdict; a person who lets the image count overrules it, a capillary drawn answers "none"."""
    reasons = tuple(
        reason for reason in machine.reasons if not (reason is QualityReason.NO_CAPILLARIES and findings.capillaries)
    )
    if findings.is_included:
        reasons = ()
    return replace(machine, reasons=reasons, is_evaluable=not reasons)


def _with_rows(findings: ReviewedFindings, size_px: tuple[int, int]) -> tuple[tuple[Capillary, ...], RowCurve | None]:
    """The capillaries with their final rows, and the distal row's curve."""
    reviewed = findings.capillaries
    rows, curve = _rows_by_rule(reviewed, size_px) if findings.rows_are_stale else (None, None)
    capillaries = tuple(
        replace(one.capillary, row=one.hand_row or (one.capillary.row if rows is None else rows[at]))
        for at, one in enumerate(reviewed)
    )
    if curve is None or any(one.hand_row is not None for one in reviewed):
        distal = [loop_of(one) for one in capillaries if one.row is Row.DISTAL]
        curve = row_through(distal, *size_px)
    return capillaries, curve


def _rows_by_rule(reviewed: Sequence[ReviewedCapillary], size_px: tuple[int, int]) -> tuple[list[Row], RowCurve | None]:
    """As in the pipeline: loops that were followed decide where there are any; what a person drew always does."""
    loops: list[MeasuredLoop] = [loop_of(one.capillary) for one in reviewed]
    followed = [at for at, one in enumerate(reviewed) if one.capillary.track_id is not None or one.is_drawn]
    is_video = any(loop.track_id is not None for loop in loops)
    eligible = followed if is_video else list(range(len(loops)))
    found = find_distal_row([loops[at] for at in eligible], *size_px)
    distal = {at for at, is_distal in zip(eligible, found.is_distal, strict=True) if is_distal}
    return [Row.DISTAL if at in distal else Row.OTHER for at in range(len(loops))], found.curve


def _counted(machine: ImageAnalysis, capillaries: Sequence[Capillary], curve: RowCurve) -> CountedRow:
    """What counts of the row; where a person saw a loop, the row can be seen."""
    return counted_row(curve, row_apices([loop_of(one) for one in capillaries], curve), machine.hidden_px)


def _is_row_untouched(findings: ReviewedFindings) -> bool:
    return not findings.rows_are_stale and all(one.hand_row is None for one in findings.capillaries)
