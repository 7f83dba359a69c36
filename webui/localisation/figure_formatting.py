"""Figures as the pages print them: the number, what stands beside it, and what it rests on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from appliance.domain.bands import NUMBERS
from appliance.domain.exam_figures import BY_THE_MACHINE, Figure
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.honest_digits import written_decimals
from appliance.domain.printed_figure import PrintedFigure, printed_figure
from appliance.domain.said_beside import RAMIFIED_RULE, SAYS, THUMBS
from webui.localisation.catalogue import catalogue, text
from webui.localisation.formatting import number

_READINGS: Mapping[str, str] = {
    "above": "above_cut",
    "from": "above_cut",
    "not_above": "not_above_cut",
    "below": "not_above_cut",
}
_COUNTED_DOUBTS: Mapping[str, str] = {
    "in_grey_zone": "in_grey_zone",
    "ramified_giants": "ramified_giants",
    "ramified_giants_aside": "ramified_giants_aside",
    "possible_giants": "possible_giants",
    "images_without_category": "without_category",
    "thumbs_aside": "thumbs_aside",
}


@dataclass(frozen=True)
class FormattedFigure:
    """One figure, ready to be printed.

    Attributes:
        value: "8.1"; an en dash where there is none.
        note: beside it: "± 1.6", or why there is no value.
        detail: on hover or tap: what it rests on.
        is_missing: whether there is no value.
        aside: what was seen in pictures that do not count; empty where nothing was.
    """

    value: str
    note: str
    detail: str
    is_missing: bool = False
    aside: str = ""


def format_figure(key: str, figure: Figure) -> FormattedFigure:
    """The words of one figure, by the key of its definition."""
    return replace(_formatted(key, figure), aside="; ".join(_aside(key, figure)))


def _formatted(key: str, figure: Figure) -> FormattedFigure:
    if figure.value is None:
        because = text(f"because.{figure.because}")
        return FormattedFigure(text("unmeasured"), because, _joined(because, _reason(figure)), is_missing=True)
    if DEFINITIONS[key].kind is Kind.CATEGORY:
        return FormattedFigure(text(f"verdict.{figure.value}"), _rule(figure), _joined(*_doubts(figure)))
    printed = printed_figure(key, figure)
    value = number(printed.value, printed.decimals)
    if figure.basis.get("bound") == "lower":
        value = text("figures.lower_bound", value=value)
    if figure.uncertainty is None:
        return FormattedFigure(value, _beside(key, figure), _basis(key, figure))
    off = _off(printed)
    unit = catalogue()["metrics"][key]["unit"]
    detail = text("figures.uncertainty", value=value, off=off, unit=unit)
    note = "; ".join(one for one in (off, _beside(key, figure)) if one)
    return FormattedFigure(value, note, _joined(detail, _basis(key, figure)))


def _aside(key: str, figure: Figure) -> Iterator[str]:
    basis = figure.basis
    if "seen_aside_um" in basis:
        um = float(basis["seen_aside_um"])
        yield text("figures.seen_aside_um", um=number(um, written_decimals(um)))
    for member in ("seen_aside", "giants_aside"):
        if member in basis:
            yield text(f"figures.{member}", count=basis[member])
    if key == "giants" and basis.get("ramified_giants_aside"):
        yield text("figures.ramified_aside", count=basis["ramified_giants_aside"])
    if THUMBS in basis and THUMBS in SAYS.get(key, ()):
        yield text("figures.thumbs_aside", **basis)


def _off(printed: PrintedFigure) -> str:
    if printed.between is not None:
        low, high = (number(end, printed.decimals) for end in printed.between)
        return text("figures.between", low=low, high=high)
    return text("figures.plus_minus", off=number(printed.off or 0.0, printed.decimals))


def _beside(key: str, figure: Figure) -> str:
    """How a score reads against its cut-off, and what stands beside the number for the reader's own judgement."""
    basis, found = figure.basis, []
    if key == "giants" and basis.get("possible_giants"):
        return text("figures.of_them_possible", **basis)
    if key == "nemo":
        return text("figures.nemo_note")
    if "cut_off" in basis:
        reading = "near_cut" if "in_grey_zone" in basis else _READINGS[str(basis["reading"])]
        found.append(text(f"figures.{reading}", **basis))
    if "image_width_mm" in basis:
        found.append(text("figures.csuri_other_width" if "is_other_width" in basis else "figures.csuri_width", **basis))
    return "; ".join(found)


def _basis(key: str, figure: Figure) -> str:
    if not figure.basis:
        return ""
    if "evaluable_mm" in figure.basis:
        return text("figures.density_basis", **figure.basis)
    if DEFINITIONS[key].kind is Kind.SHARE:  # "share_enlarged" has its numerator under "enlarged"
        return text("figures.share_basis", part=figure.basis[key.removeprefix("share_")], **figure.basis)
    if key in _OWN_BASIS:
        return _OWN_BASIS[key](figure)
    for counted, words in (("fingers", "fingers_basis"), ("images", "images_basis"), ("capillaries", "loops_basis")):
        if counted in figure.basis and key not in ("images_evaluable", "nemo"):
            return text(f"figures.{words}", **figure.basis)
    return ""


def _giants_basis(figure: Figure) -> str:
    rule = text(f"figures.{figure.basis[RAMIFIED_RULE]}")
    return _joined(text("figures.giants_basis", **figure.basis) if figure.value else "", rule)


_OWN_BASIS: Mapping[str, Callable[[Figure], str]] = {
    "giants": _giants_basis,
    "csuri": lambda figure: text("figures.csuri_basis", **figure.basis),
}


def _reason(figure: Figure) -> str:
    words = str(figure.basis.get("reason", ""))
    if words and figure.because == BY_THE_MACHINE:  # a person's reason stands as it was typed
        quality: Mapping[str, str] = catalogue()["quality"]
        words = "; ".join(quality[part] for part in words.split(", "))
    return text("figures.reason", reason=words) if words else ""


def _rule(figure: Figure) -> str:
    if "rule" not in figure.basis:
        return _grey_zone(figure)
    cuts = {name: int(cut) if cut == int(cut) else cut for name, cut in NUMBERS.items()}
    return "; ".join(one for one in (text(f"rules.{figure.basis['rule']}", **cuts), _grey_zone(figure)) if one)


def within_error(figure: Figure) -> str:
    """What else a category would be within the error of what it rests on, in words; empty where nothing else."""
    return ", ".join(text(f"verdict.{one}") for one in str(figure.basis.get("grey_zone", "")).split(",") if one)


def _grey_zone(figure: Figure) -> str:
    others = within_error(figure)
    return text("figures.grey_zone", others=others) if others else ""


def _doubts(figure: Figure) -> list[str]:
    basis, doubts = figure.basis, []
    if "sector" in basis:
        place = [text(f"{name}.{basis[name]}") for name in ("hand", "finger", "sector")]
        doubts.append(text("figures.decided_by", where=", ".join(place)))
    for key, words in _COUNTED_DOUBTS.items():
        if basis.get(key):
            doubts.append(text(f"figures.{words}", **basis))
    return doubts


def _joined(*parts: str) -> str:
    return ". ".join(part.rstrip(".") for part in parts if part)
