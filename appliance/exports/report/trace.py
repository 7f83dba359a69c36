"""The traceability page: software, engines, scale, pictures and journal behind every number."""

from collections.abc import Iterable

from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.review import ReviewedImage
from appliance.exports.report import terms
from appliance.exports.report.cells import MISSING, place_name
from appliance.exports.report.material import Material
from appliance.exports.report.view import Fact, Trace, TraceImage
from appliance.exports.report.words import Words


def trace_of(words: Words, material: Material) -> Trace:
    """Everything that is needed to repeat the figures."""
    images = material.reviewed.images
    facts = [
        Fact(words("Exam"), material.reviewed.exam.exam_id),
        Fact(words("Started"), words.moment(material.reviewed.exam.started_at_utc)),
        *(Fact(words("Measured with"), one) for one in _softwares(images)),
        *(Fact(words("Scale"), one) for one in _scales(words, images)),
        Fact(words("Report software"), f"nailfold {material.software_version}"),
    ]
    if material.journal_head:
        facts.append(Fact(words("Journal"), material.journal_head))
    return Trace(
        facts=tuple(facts),
        images=tuple(_image(words, one) for one in images),
        definitions=tuple(
            Fact(words(terms.FIGURES[key]), f"{words(definition)} {DEFINITIONS[key].source}")
            for key, definition in terms.DEFINITIONS.items()
        ),
    )


def _softwares(images: Iterable[ReviewedImage]) -> list[str]:
    """Each version, runtime and pair of engines once."""
    found: dict[str, None] = {}
    for one in images:
        software = one.image.document["software"]
        engines = ", ".join(f"{role} {digest}" for role, digest in sorted(software["engines"].items()))
        found[f"nailfold {software['version']}, {software['runtime']}, {engines}"] = None
    return list(found)


def _scales(words: Words, images: Iterable[ReviewedImage]) -> list[str]:
    """Each calibration once, with its uncertainty where it states one."""
    found: dict[str, None] = {}
    for one in images:
        analysed = one.analysis
        if analysed["um_per_px"] is None:
            found[words("no scale")] = None
            continue
        scale, off = words.number(analysed["um_per_px"], 4), analysed.get("um_per_px_uncertainty")
        stated = words("uncertainty not stated") if off is None else f"± {words.number(off, 4)}"
        found[f"{analysed['calibration_id']}: {scale} µm/px, {stated}"] = None
    return list(found)


def _image(words: Words, one: ReviewedImage) -> TraceImage:
    scale = one.analysis["um_per_px"]
    return TraceImage(
        place=place_name(words, one.image.placement),
        kind=words(terms.ORIGINS[one.image.kind.value]),
        taken=words.moment(one.image.captured_at_utc),
        um_per_px=MISSING if scale is None else words.number(scale, 4),
        sha256=one.image.sha256,
        state=_state(words, one),
    )


def _state(words: Words, one: ReviewedImage) -> str:
    if one.not_evaluable_because is not None:
        return words("excluded by the physician")
    if not one.counts:
        return words("not evaluable")
    return words("edited") if one.is_edited else words("as measured")
