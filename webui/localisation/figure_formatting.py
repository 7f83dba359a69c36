"""Figures as the pages print them: the number, what stands beside it, and what it rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS
from webui.localisation.catalogue import catalogue, text
from webui.localisation.formatting import number

_BASIS_TEXTS: Mapping[str, str] = {
    "share_enlarged": "figures.share_basis",
    "giants": "figures.giants_basis",
    "csuri": "figures.csuri_basis",
}


@dataclass(frozen=True)
class FormattedFigure:
    """One figure, ready to be printed.

    Attributes:
        value: "8.1"; an en dash where there is none.
        note: beside it: "± 1.6", or why there is no value.
        detail: on hover or tap: what it rests on.
        is_missing: whether there is no value.
    """

    value: str
    note: str
    detail: str
    is_missing: bool = False


def format_figure(key: str, figure: Figure) -> FormattedFigure:
    """The words of one figure, by the key of its definition."""
    if figure.value is None:
        because = text(f"because.{figure.because}")
        return FormattedFigure(text("unmeasured"), because, _joined(because, _reason(figure)), is_missing=True)
    if DEFINITIONS[key].kind is Kind.CATEGORY:
        return FormattedFigure(text(f"verdict.{figure.value}"), _rule(figure), _joined(*_doubts(figure)))
    value = _number(key, float(figure.value))
    if figure.uncertainty is None:
        return FormattedFigure(value, _beside(key, figure), _basis(key, figure))
    off, unit = _number(key, figure.uncertainty), catalogue()["metrics"][key]["unit"]
    detail = text("figures.uncertainty", value=value, off=off, unit=unit)
    return FormattedFigure(value, text("figures.plus_minus", off=off), _joined(detail, _basis(key, figure)))


def _number(key: str, value: float) -> str:
    return number(value, DEFINITIONS[key].decimals)


def _beside(key: str, figure: Figure) -> str:
    return text("figures.csuri_width", **figure.basis) if key == "csuri" else ""


def _basis(key: str, figure: Figure) -> str:
    if "evaluable_mm" in figure.basis:
        return text("figures.density_basis", **figure.basis)
    if key in _BASIS_TEXTS:
        return text(_BASIS_TEXTS[key], **figure.basis) if figure.value else ""
    for counted, words in (("fingers", "fingers_basis"), ("images", "images_basis"), ("capillaries", "loops_basis")):
        if counted in figure.basis and key not in ("images_evaluable", "nemo"):
            return text(f"figures.{words}", **figure.basis)
    return ""


def _reason(figure: Figure) -> str:
    reason = str(figure.basis.get("reason", ""))
    quality: Mapping[str, str] = catalogue()["quality"]
    words = "; ".join(quality.get(part, part) for part in reason.split(", ")) if reason else ""
    return text("figures.reason", reason=words) if words else ""


def _rule(figure: Figure) -> str:
    return text(f"rules.{figure.basis['rule']}") if "rule" in figure.basis else ""


def _doubts(figure: Figure) -> list[str]:
    basis, doubts = figure.basis, []
    if "finger" in basis:
        where = f"{text('hand.' + str(basis['hand']))}, {text('finger.' + str(basis['finger']))}"
        doubts.append(text("figures.decided_by", where=where))
    if basis.get("in_grey_zone"):
        doubts.append(text("figures.in_grey_zone", **basis))
    if basis.get("density_near_cut"):
        doubts.append(text("figures.near_density_cut"))
    return doubts


def _joined(*parts: str) -> str:
    return ". ".join(part.rstrip(".") for part in parts if part)


FigureFormatter = Callable[[str, Figure], FormattedFigure]
