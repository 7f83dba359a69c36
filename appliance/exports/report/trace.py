"""The traceability page: software, engines, scale, pictures and journal behind every number."""

from collections.abc import Iterable

from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.honest_digits import scale_decimals
from appliance.domain.review import ReviewedImage
from appliance.exports.report import terms
from appliance.exports.report.cells import MISSING, place_name
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.material import Material
from appliance.exports.report.view import Fact, Trace, TraceImage


def trace_of(localisation: Localisation, material: Material) -> Trace:
    """Everything that is needed to repeat the figures."""
    images, exam = material.reviewed.images, material.reviewed.exam
    facts = [
        Fact(localisation("Exam"), exam.exam_id),
        Fact(localisation("Started"), localisation.moment(exam.started_at_utc)),
        *(Fact(localisation("Measured with"), one) for one in _softwares(images)),
        *(Fact(localisation("Scale"), one) for one in scales_of(localisation, images)),
        Fact(localisation("Rule of this exam"), localisation(terms.RULES_OF_EXAM[exam.counts_ramified_giants])),
        Fact(localisation("Report software"), f"nailfold {material.software_version}"),
    ]
    if material.journal_head:
        facts.append(Fact(localisation("Journal"), material.journal_head))
    return Trace(
        facts=tuple(facts),
        images=tuple(_image(localisation, one) for one in images),
        definitions=tuple(
            Fact(localisation(terms.FIGURES[key]), f"{localisation(definition)} {DEFINITIONS[key].source}")
            for key, definition in terms.DEFINITIONS.items()
        ),
    )


def _softwares(images: Iterable[ReviewedImage]) -> list[str]:
    """Each version, runtime and pair of engines once."""
    found: dict[str, None] = {}
    for one in images:
        identity = one.image.analysis.identity
        engines = ", ".join(f"{role} {digest}" for role, digest in sorted(identity.engines.items()))
        found[f"nailfold {identity.software_version}, {identity.runtime}, {engines}"] = None
    return list(found)


def scales_of(localisation: Localisation, images: Iterable[ReviewedImage]) -> list[str]:
    """Each calibration once, with its uncertainty where it states one."""
    found: dict[str, None] = {}
    for one in images:
        analysed = one.analysis
        if analysed.um_per_px is None:
            found[localisation("no scale")] = None
            continue
        off = analysed.um_per_px_uncertainty
        decimals = scale_decimals(off)
        scale = localisation.number(analysed.um_per_px, decimals)
        stated = localisation("uncertainty not stated") if off is None else f"± {localisation.number(off, decimals)}"
        found[f"{analysed.calibration_id}: {scale} µm/px, {stated}"] = None
    return list(found)


def _image(localisation: Localisation, one: ReviewedImage) -> TraceImage:
    scale = one.analysis.um_per_px
    return TraceImage(
        place=place_name(localisation, one.image.placement),
        kind=localisation(terms.ORIGINS[one.image.kind.value]),
        taken=localisation.moment(one.image.captured_at_utc),
        um_per_px=MISSING
        if scale is None
        else localisation.number(scale, scale_decimals(one.analysis.um_per_px_uncertainty)),
        sha256=one.image.sha256,
        state=_state(localisation, one),
    )


def _state(localisation: Localisation, one: ReviewedImage) -> str:
    if one.not_evaluable_because is not None:
        return localisation("excluded by the physician")
    if not one.counts:
        return localisation("not evaluable")
    return localisation("edited") if one.is_edited else localisation("as measured")
