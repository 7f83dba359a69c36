"""Figures as the report prints them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from appliance.domain.bands import NUMBERS
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.domain.exam_figures import BY_THE_MACHINE, Figure
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.honest_digits import written_decimals
from appliance.domain.printed_figure import printed_figure
from appliance.domain.said_beside import SAYS, THUMBS
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
        off: "± 1.6" or "(0 to 2.1)"; empty where no uncertainty is known.
        note: why there is no value, the rule that fired, or what the value depends on.
        is_missing: whether there is no value.
        aside: what was seen in pictures that do not count; empty where nothing was.
    """

    key: str
    name: str
    short: str
    value: str
    unit: str
    off: str
    note: str
    is_missing: bool
    aside: str = ""


def cell(localisation: Localisation, key: str, figure: Figure) -> Cell:
    """One figure in the language of `words`."""
    definition = DEFINITIONS[key]
    value, off = MISSING, ""
    if isinstance(figure.value, str):
        value = localisation(terms.VERDICTS[figure.value])
    elif figure.value is not None:
        value, off = number_words(localisation, key, figure)
        value = f"≥ {value}" if figure.basis.get("bound") == "lower" else value
    return Cell(
        key,
        localisation(terms.FIGURES[key]),
        localisation(terms.SHORT.get(key, terms.FIGURES[key])),
        value,
        "" if figure.value is None else terms.UNITS[definition.unit],
        off,
        note(localisation, key, figure),
        figure.value is None,
        "; ".join(seen_aside(localisation, key, figure)),
    )


def number_words(localisation: Localisation, key: str, figure: Figure) -> tuple[str, str]:
    """A figure's number and what stands beside it: "8.1" and "± 1.6", or "15" and "(5 to 36)"."""
    found = printed_figure(key, figure)
    value = localisation.number(found.value, found.decimals)
    if found.between is not None:
        low, high = (localisation.number(end, found.decimals) for end in found.between)
        return value, localisation("({low} to {high})", low=low, high=high)
    return value, "" if found.off is None else f"± {localisation.number(found.off, found.decimals)}"


def note(localisation: Localisation, key: str, figure: Figure) -> str:
    """What stands small beside a figure."""
    if figure.because is not None:
        reason = str(figure.basis.get("reason", ""))
        if figure.because == BY_THE_MACHINE:  # a person's reason stands as it was typed
            reason = quality_text(localisation, reason)
        because = localisation(terms.BECAUSE[figure.because])
        return f"{because}: {reason}" if reason else because
    if "rule" in figure.basis:
        return rule_words(localisation, str(figure.basis["rule"]))
    if "cut_off" in figure.basis:
        return "; ".join(_cut_off(localisation, figure.basis))
    if key == "giants" and figure.basis.get("possible_giants"):
        return localisation("possible, to be confirmed on the picture: {count}", count=figure.basis["possible_giants"])
    if key == "nemo":
        return localisation("lower bound: microthromboses are not detected")
    return grey_zone(localisation, figure)


def seen_aside(localisation: Localisation, key: str, figure: Figure) -> Iterator[str]:
    """What was seen and does not count, in pictures that do not or by the exam's rules."""
    basis = figure.basis
    if "seen_aside" in basis:
        yield localisation("+{count} seen, not counted", count=basis["seen_aside"])
    if "seen_aside_um" in basis:
        um = float(basis["seen_aside_um"])
        yield localisation("{um} µm seen, not counted", um=localisation.number(um, written_decimals(um)))
    if "giants_aside" in basis:
        yield localisation("giants seen in pictures that do not count: {count}", count=basis["giants_aside"])
    if key == "giants" and basis.get("ramified_giants_aside"):
        yield localisation("+{count} ramified above 50 µm, not counted", count=basis["ramified_giants_aside"])
    if basis.get(THUMBS) and THUMBS in SAYS.get(key, ()):
        yield thumbs_aside(localisation, figure)


def thumbs_aside(localisation: Localisation, figure: Figure) -> str:
    """How many thumbs have figures and enter none of the exam; empty without any."""
    count = figure.basis.get(THUMBS)
    if not count:
        return ""
    return localisation("{count, plural, one {# thumb} other {# thumbs}} seen, not counted", count=count)


def rule_words(localisation: Localisation, rule: str) -> str:
    """A rule in words, its numbers from the table of bands."""
    cuts = {name: localisation.number(cut, 0 if cut == int(cut) else 2) for name, cut in NUMBERS.items()}
    return localisation(terms.RULES[rule], **cuts)


def grey_zone(localisation: Localisation, figure: Figure) -> str:
    """What else a category would be within the error of what it rests on; empty where nothing else."""
    others = _within_error(localisation, figure)
    return localisation("grey zone: within the error also {others}", others=others) if others else ""


def _within_error(localisation: Localisation, figure: Figure) -> str:
    found = [localisation(terms.VERDICTS[one]) for one in str(figure.basis.get("grey_zone", "")).split(",") if one]
    return ", ".join(found)


def _cut_off(localisation: Localisation, basis: Mapping[str, float | int | str]) -> list[str]:
    """How a score reads against its published cut-off, and what the cut-off is for."""
    cut = localisation.number(float(basis["cut_off"]), 2)
    is_above = basis["reading"] in ("above", "from")
    said = (
        localisation("above the cut-off of {cut}", cut=cut)
        if is_above
        else localisation("not above the cut-off of {cut}", cut=cut)
    )
    found = (
        [localisation("the cut-off of {cut} lies within the uncertainty", cut=cut)]
        if "in_grey_zone" in basis
        else [said]
    )
    if "image_width_mm" in basis:
        width = localisation.number(float(basis["image_width_mm"]), 2)
        reference = localisation.number(float(basis["reference_width_mm"]), 2)
        found.append(
            localisation(
                "image {width} mm wide: the cut-off of {cut} is for {reference} mm",
                width=width,
                cut=cut,
                reference=reference,
            )
            if "is_other_width" in basis
            else localisation("image {width} mm wide", width=width)
        )
    return found


def doubts(localisation: Localisation, key: str, figure: Figure) -> list[str]:
    """What a reader of a category has to know beside it."""
    basis, found = figure.basis, []
    if "sector" in basis:
        place = Placement(Hand(basis["hand"]), Finger(basis["finger"]), Sector(basis["sector"]))
        found.append(localisation("Decided by: {place}.", place=place_name(localisation, place)))
    if basis.get("in_grey_zone"):
        found.append(
            localisation(
                "{count} of {giants, plural, one {# giant capillary} other {# giant capillaries}} "
                "{count, plural, one {lies} other {lie}} within a pixel of 50 µm.",
                **_giants(basis),
            )
        )
    if basis.get("ramified_giants"):
        found.append(
            localisation(
                "{count} of the giant capillaries {count, plural, one {is a ramified one} other {are ramified ones}} "
                "above 50 µm, which {count, plural, one {counts as a giant} other {count as giants}} here.",
                count=basis["ramified_giants"],
            )
        )
    if basis.get("ramified_giants_aside"):
        found.append(
            localisation(
                "Ramified capillaries above 50 µm, which do not count as giants here: {count}.",
                count=basis["ramified_giants_aside"],
            )
        )
    if basis.get("possible_giants"):
        found.append(
            localisation(
                "Possible giant capillaries that are not counted: {count}. The machine alone found them and is not "
                "sure. One that is confirmed on the picture makes a scleroderma pattern.",
                count=basis["possible_giants"],
            )
        )
    if basis.get("images_without_category"):
        count = basis["images_without_category"]
        found.append(localisation("Images without a density, which allow no category: {count}.", count=count))
    if others := _within_error(localisation, figure):
        found.append(localisation("Grey zone: within the error also {others}.", others=others))
    return [*found, *seen_aside(localisation, key, figure), *filter(None, [thumbs_aside(localisation, figure)])]


def _giants(basis: Mapping[str, float | int | str]) -> dict[str, object]:
    return {"count": basis["in_grey_zone"], "giants": basis["giants"]}


def quality_text(localisation: Localisation, reason: str) -> str:
    """The station's own reasons in words."""
    return ", ".join(localisation(terms.QUALITY[part]) for part in reason.split(", ") if part)


def finger_name(localisation: Localisation, hand: Hand, finger: Finger) -> str:
    """Left hand, ring finger."""
    return f"{localisation(terms.HANDS[hand.value])}, {localisation(terms.FINGERS[finger.value])}"


def place_name(localisation: Localisation, place: Placement) -> str:
    """Left hand, ring finger, sector B."""
    return f"{finger_name(localisation, place.hand, place.finger)}, {localisation(terms.SECTORS[place.sector.value])}"
