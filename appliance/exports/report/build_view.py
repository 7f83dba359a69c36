"""From an exam and its figures to the words of a report."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.domain.exam import ExamState, Finger, Hand, Placement
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.figure_definitions import EXAM_ONLY
from appliance.domain.pattern import PatternAdvice
from appliance.exports.report import terms
from appliance.exports.report.cells import cell, doubts, finger_name, note, place_name, seen_aside, thumbs_aside
from appliance.exports.report.finger_pages import finger_page
from appliance.exports.report.first_page import decisive_picture, hands_of
from appliance.exports.report.form import ReportForm
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.material import Material, PictureSource
from appliance.exports.report.trace import trace_of
from appliance.exports.report.trends import trends_of
from appliance.exports.report.view import AdviceView, Fact, FingerPage, FingerRow, ReportView, ScoreView

CSS_PAPERS = {"a4": "A4", "letter": "letter"}


def build_view(
    localisation: Localisation, material: Material, form: ReportForm, paper: str, picture: PictureSource, logo: str
) -> ReportView:
    """Everything that the template prints.

    Args:
        paper: "a4" or "letter".
        picture: address of a picture.
        logo: address of the logo; empty without one.
    """
    decisive, decisive_place = decisive_picture(localisation, material, picture)
    hands, counts = hands_of(localisation, material)
    reviewed, exam, found = material.reviewed, material.reviewed.exam, material.figures.exam
    pages = set(form.pages)
    columns = tuple(cell(localisation, key, found[key]) for key in form.columns)
    thumbs = thumbs_aside(localisation, found["fingers_evaluable"])
    edited = {(one.image.hand, one.image.finger) for one in reviewed.images if one.is_edited}
    return ReportView(
        language=localisation.language,
        paper=CSS_PAPERS[paper],
        title=form.text("title", localisation) or localisation("Nailfold capillaroscopy"),
        institution=form.text("institution", localisation),
        address=form.text("address", localisation),
        footer=form.text("footer", localisation),
        logo=logo,
        pseudonym=exam.patient_pseudonym,
        exam_id=exam.exam_id,
        date=localisation.date(exam.started_at_utc),
        time=localisation.time(exam.started_at_utc),
        operator=material.operator,
        protocol=_protocol(localisation, exam.protocol),
        status=_status(localisation, material),
        is_validated=reviewed.validated_by is not None,
        validator=material.validator,
        made=_made(localisation, material),
        verdict=verdict(localisation, "fast_track", found["fast_track"]),
        sub_pattern=verdict(localisation, "sub_pattern", found["sub_pattern"]),
        physician_pattern="" if reviewed.pattern is None else localisation(terms.VERDICTS[reviewed.pattern.value]),
        advice=None if material.advice is None else advice_of(localisation, material.advice),
        decisive=decisive,
        decisive_place=decisive_place,
        hands=hands,
        counts=counts,
        figures=tuple(cell(localisation, key, found[key]) for key in form.figures),
        columns=columns,
        finger_rows=tuple(
            _finger_row(localisation, form.columns, key, figures, key in edited)
            for key, figures in material.figures.fingers.items()
        ),
        exam_row=tuple(replace(one, aside="") if one.aside == thumbs else one for one in columns),
        thumbs=thumbs,
        has_edits=bool(edited),
        facts=_facts(localisation, form, material),
        skipped=_skipped(localisation, material),
        conclusion=tuple(line for line in reviewed.conclusion.splitlines() if line.strip()),
        fingers=_finger_pages(localisation, material, picture) if "fingers" in pages else (),
        trends=trends_of(localisation, material) if "trends" in pages else None,
        trace=trace_of(localisation, material) if "trace" in pages else None,
    )


def verdict(localisation: Localisation, key: str, figure: Figure) -> ScoreView:
    """A category in words."""
    shown = cell(localisation, key, figure)
    is_grave = key == "fast_track" and figure.value == "scleroderma"
    return ScoreView(shown.value, shown.note, tuple(doubts(localisation, key, figure)), shown.is_missing, is_grave)


def advice_of(localisation: Localisation, advice: PatternAdvice) -> AdviceView:
    """An advisory in words."""
    ranked = sorted(advice.probabilities.items(), key=lambda one: -one[1])
    shares = [
        f"{localisation(terms.VERDICTS[pattern.value])} {localisation.number(100 * share, 0)} %"
        for pattern, share in ranked
    ]
    score, low, high = (localisation.number(one, 2) for one in advice.macro_f1)
    basis = localisation(
        "{method}; F1 {score} (95 % interval {low} to {high}) on patients it had not seen; "
        "from {count, plural, one {# image} other {# images}}.",
        method=advice.method,
        score=score,
        low=low,
        high=high,
        count=advice.images,
    )
    return AdviceView(shares[0], tuple(shares[1:]), basis)


def _finger_pages(localisation: Localisation, material: Material, picture: PictureSource) -> tuple[FingerPage, ...]:
    """Of fingers with pictures."""
    return tuple(
        finger_page(localisation, material, key, verdict(localisation, "fast_track", figures["fast_track"]), picture)
        for key, figures in material.figures.fingers.items()
        if any((one.image.hand, one.image.finger) == key for one in material.reviewed.images)
    )


def _finger_row(
    localisation: Localisation, columns: Sequence[str], key: tuple[Hand, Finger], figures: Figures, is_edited: bool
) -> FingerRow:
    name = finger_name(localisation, *key)
    counted = figures["images_evaluable"]
    if counted.value is None:
        aside = "; ".join(seen_aside(localisation, "fast_track", figures["fast_track"]))
        return FingerRow(name, (), note(localisation, "images_evaluable", counted), is_edited, aside)
    return FingerRow(
        name, tuple(cell(localisation, one, figures[one]) for one in columns if one not in EXAM_ONLY), "", is_edited
    )


def _facts(localisation: Localisation, form: ReportForm, material: Material) -> tuple[Fact, ...]:
    """What was stated, in the form's order; what was not stated is left out."""
    stated = []
    for field in form.fields:
        value = material.facts.get(field.key)
        if value is None:
            continue
        text = localisation.number(value, 0 if value == int(value) else 1) if isinstance(value, int | float) else value
        stated.append(Fact(field.name(localisation), f"{text} {field.unit}".strip()))
    return tuple(stated)


def _skipped(localisation: Localisation, material: Material) -> tuple[Fact, ...]:
    reasons: dict[str, list[Placement]] = {}
    for one in material.reviewed.exam.skipped:
        reasons.setdefault(one.reason, []).append(one.placement)
    return tuple(
        Fact("; ".join(place_name(localisation, place) for place in places), reason)
        for reason, places in reasons.items()
    )


def _protocol(localisation: Localisation, protocol: str) -> str:
    if protocol == "free":
        return localisation("free protocol")
    return localisation("{count, plural, one {# image} other {# images}}", count=protocol)


def _status(localisation: Localisation, material: Material) -> str:
    reviewed = material.reviewed
    if reviewed.exam.state is ExamState.OPEN:
        return localisation("Provisional: the exam is still open")
    if reviewed.exam.state is ExamState.DISCARDED:
        return localisation("Discarded: this exam does not count")
    if reviewed.validated_by is None or reviewed.validated_at_utc is None:
        return localisation("Not validated by a physician")
    status = localisation(
        "Validated by {name} on {date}",
        name=material.validator or reviewed.validated_by,
        date=localisation.minute(reviewed.validated_at_utc),
    )
    if not reviewed.unseen:
        return status
    count = str(len(reviewed.unseen))
    return localisation("{status}; images not viewed one by one: {count}", status=status, count=count)


def _made(localisation: Localisation, material: Material) -> str:
    when = localisation.minute(material.made_at_utc)
    if not material.made_by:
        return localisation("Report of {date}", date=when)
    return localisation("Report of {date}, made by {name}", date=when, name=material.made_by)
