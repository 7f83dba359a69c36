"""From an exam and its figures to the words of a report."""

from collections.abc import Sequence

from appliance.domain.exam import Finger, Hand, Placement
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.figure_definitions import EXAM_ONLY
from appliance.domain.pattern import PatternAdvice
from appliance.exports.report import terms
from appliance.exports.report.cells import cell, doubts, finger_name, note, place_name
from appliance.exports.report.finger_pages import finger_page
from appliance.exports.report.form import ReportForm
from appliance.exports.report.material import Material, PictureSource
from appliance.exports.report.trace import trace_of
from appliance.exports.report.trends import trends_of
from appliance.exports.report.view import Advice, Fact, FingerPage, FingerRow, ReportView, Verdict
from appliance.exports.report.words import Words

CSS_PAPERS = {"a4": "A4", "letter": "letter"}


def build_view(
    words: Words, material: Material, form: ReportForm, paper: str, picture: PictureSource, logo: str
) -> ReportView:
    """Everything that the template prints.

    Args:
        paper: "a4" or "letter".
        picture: address of a picture.
        logo: address of the logo; empty without one.
    """
    reviewed, exam, found = material.reviewed, material.reviewed.exam, material.figures.exam
    pages = set(form.pages)
    edited = {(one.image.hand, one.image.finger) for one in reviewed.images if one.is_edited}
    return ReportView(
        language=words.language,
        paper=CSS_PAPERS[paper],
        title=form.text("title", words) or words("Nailfold capillaroscopy"),
        institution=form.text("institution", words),
        address=form.text("address", words),
        footer=form.text("footer", words),
        logo=logo,
        pseudonym=exam.patient_pseudonym,
        exam_id=exam.exam_id,
        date=words.date(exam.started_at_utc),
        time=words.time(exam.started_at_utc),
        operator=exam.operator,
        protocol=_protocol(words, exam.protocol),
        status=_status(words, material),
        is_validated=reviewed.validated_by is not None,
        validator=material.validator,
        made=_made(words, material),
        verdict=verdict(words, "fast_track", found["fast_track"]),
        sub_pattern=verdict(words, "sub_pattern", found["sub_pattern"]),
        physician_pattern="" if reviewed.pattern is None else words(terms.VERDICTS[reviewed.pattern.value]),
        advice=None if material.advice is None else advice_of(words, material.advice),
        figures=tuple(cell(words, key, found[key]) for key in form.figures),
        columns=tuple(cell(words, key, found[key]) for key in form.columns),
        finger_rows=tuple(
            _finger_row(words, form.columns, key, figures, key in edited)
            for key, figures in material.figures.fingers.items()
        ),
        exam_row=tuple(cell(words, key, found[key]) for key in form.columns),
        has_edits=bool(edited),
        facts=_facts(words, form, material),
        skipped=_skipped(words, material),
        conclusion=tuple(line for line in reviewed.conclusion.splitlines() if line.strip()),
        fingers=_finger_pages(words, material, picture) if "fingers" in pages else (),
        trends=trends_of(words, material) if "trends" in pages else None,
        trace=trace_of(words, material) if "trace" in pages else None,
    )


def verdict(words: Words, key: str, figure: Figure) -> Verdict:
    """A category in words."""
    shown = cell(words, key, figure)
    is_grave = key == "fast_track" and figure.value == "scleroderma"
    return Verdict(shown.value, shown.note, tuple(doubts(words, figure)), shown.is_missing, is_grave)


def advice_of(words: Words, advice: PatternAdvice) -> Advice:
    """An advisory in words."""
    ranked = sorted(advice.probabilities.items(), key=lambda one: -one[1])
    shares = [f"{words(terms.VERDICTS[pattern.value])} {words.number(100 * share, 0)} %" for pattern, share in ranked]
    score, low, high = (words.number(one, 2) for one in advice.macro_f1)
    basis = words(
        "{method}; F1 {score} (95 % interval {low} to {high}) on patients it had not seen; from {count} images.",
        method=advice.method,
        score=score,
        low=low,
        high=high,
        count=advice.images,
    )
    return Advice(shares[0], tuple(shares[1:]), basis)


def _finger_pages(words: Words, material: Material, picture: PictureSource) -> tuple[FingerPage, ...]:
    """Of fingers with pictures."""
    return tuple(
        finger_page(words, material, key, verdict(words, "fast_track", figures["fast_track"]), picture)
        for key, figures in material.figures.fingers.items()
        if any((one.image.hand, one.image.finger) == key for one in material.reviewed.images)
    )


def _finger_row(
    words: Words, columns: Sequence[str], key: tuple[Hand, Finger], figures: Figures, is_edited: bool
) -> FingerRow:
    name = finger_name(words, *key)
    counted = figures["images_evaluable"]
    if counted.value is None:
        return FingerRow(name, (), note(words, "images_evaluable", counted), is_edited)
    return FingerRow(
        name, tuple(cell(words, one, figures[one]) for one in columns if one not in EXAM_ONLY), "", is_edited
    )


def _facts(words: Words, form: ReportForm, material: Material) -> tuple[Fact, ...]:
    """What was stated, in the form's order; what was not stated is left out."""
    stated = []
    for field in form.fields:
        value = material.facts.get(field.key)
        if value is None:
            continue
        text = words.number(value, 0 if value == int(value) else 1) if isinstance(value, int | float) else value
        stated.append(Fact(field.name(words), f"{text} {field.unit}".strip()))
    return tuple(stated)


def _skipped(words: Words, material: Material) -> tuple[Fact, ...]:
    reasons: dict[str, list[Placement]] = {}
    for one in material.reviewed.exam.skipped:
        reasons.setdefault(one.reason, []).append(one.placement)
    return tuple(
        Fact("; ".join(place_name(words, place) for place in places), reason) for reason, places in reasons.items()
    )


def _protocol(words: Words, protocol: str) -> str:
    return words("free protocol") if protocol == "free" else words("{count} images", count=protocol)


def _status(words: Words, material: Material) -> str:
    reviewed = material.reviewed
    if reviewed.validated_by is None or reviewed.validated_at_utc is None:
        return words("Not validated by a physician")
    return words(
        "Validated by {name} on {date}",
        name=material.validator or reviewed.validated_by,
        date=words.minute(reviewed.validated_at_utc),
    )


def _made(words: Words, material: Material) -> str:
    when = words.minute(material.made_at_utc)
    if not material.made_by:
        return words("Report of {date}", date=when)
    return words("Report of {date}, made by {name}", date=when, name=material.made_by)
