"""Figures as the report prints them."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain.exam import Finger, Hand, Placement
from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.exports.report import terms
from appliance.exports.report.localisation import Localisation

MISSING = "\N{EN DASH}"


@dataclass(frozen=True)
class Cell:
    """One figure in words.

    Attributes:
        key: of its definition.
        name, short: full name and column head.
        value: number or category; an en dash where there is none.
        unit: "µm"; empty for counts and categories.
        off: "± 1.6"; empty where no uncertainty is known.
        note: why there is no value, the rule that fired, or what the value depends on.
        is_missing: whether there is no value.
    """

    key: str
    name: str
    short: str
    value: str
    unit: str
    off: str
    note: str
    is_missing: bool


def cell(localisation: Localisation, key: str, figure: Figure) -> Cell:
    """One figure in the language of `words`."""
    definition = DEFINITIONS[key]
    value, off = MISSING, ""
    if isinstance(figure.value, str):
        value = localisation(terms.VERDICTS[figure.value])
    elif figure.value is not None:
        value = localisation.number(figure.value, definition.decimals)
        off = "" if figure.uncertainty is None else f"± {localisation.number(figure.uncertainty, definition.decimals)}"
    return Cell(
        key,
        localisation(terms.FIGURES[key]),
        localisation(terms.SHORT.get(key, terms.FIGURES[key])),
        value,
        "" if figure.value is None else terms.UNITS[definition.unit],
        off,
        note(localisation, key, figure),
        figure.value is None,
    )


def note(localisation: Localisation, key: str, figure: Figure) -> str:
    """What stands small beside a figure."""
    if figure.because is not None:
        reason = quality_text(localisation, str(figure.basis.get("reason", "")))
        because = localisation(terms.BECAUSE[figure.because])
        return f"{because}: {reason}" if reason else because
    if "rule" in figure.basis:
        return localisation(terms.RULES[str(figure.basis["rule"])])
    if key == "csuri":
        return localisation(
            "image {width} mm wide", width=localisation.number(float(figure.basis["image_width_mm"]), 2)
        )
    if key == "nemo":
        return localisation("haemorrhages only")
    return ""


def doubts(localisation: Localisation, figure: Figure) -> list[str]:
    """What a reader of a category has to know beside it."""
    basis, found = figure.basis, []
    if "finger" in basis:
        where = finger_name(localisation, Hand(basis["hand"]), Finger(basis["finger"]))
        found.append(localisation("Decided by: {finger}.", finger=where))
    if basis.get("in_grey_zone"):
        found.append(
            localisation("{count} of {giants} giant capillaries lie within a pixel of 50 µm.", **_giants(basis))
        )
    if basis.get("density_near_cut"):
        found.append(localisation("A limit of the rule lies within the uncertainty of the density."))
    return found


def _giants(basis: Mapping[str, float | int | str]) -> dict[str, object]:
    return {"count": basis["in_grey_zone"], "giants": basis["giants"]}


def quality_text(localisation: Localisation, reason: str) -> str:
    """The station's own reasons in words; a person's as it was typed."""
    parts = [part for part in reason.split(", ") if part]
    return ", ".join(localisation(terms.QUALITY[part]) if part in terms.QUALITY else part for part in parts)


def finger_name(localisation: Localisation, hand: Hand, finger: Finger) -> str:
    """Left hand, ring finger."""
    return f"{localisation(terms.HANDS[hand.value])}, {localisation(terms.FINGERS[finger.value])}"


def place_name(localisation: Localisation, place: Placement) -> str:
    """Left hand, ring finger, sector B."""
    return f"{finger_name(localisation, place.hand, place.finger)}, {localisation(terms.SECTORS[place.sector.value])}"
