"""FHIR data types as JSON: codings, references, quantities. Members are those that R4 and R4B share."""

import uuid
from typing import Any

from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definition import FigureDefinition
from appliance.domain.honest_digits import rounded
from appliance.domain.printed_figure import as_printed, interval_of, printed_figure
from appliance.domain.said_beside import GREY_ZONE, SaidBeside, said_beside
from appliance.exports.codes import (
    FINGER_SNOMED,
    LOCAL_CODES,
    LOCAL_SYSTEM_URL,
    LOCAL_VERSION,
    SIDE_SNOMED,
    SNOMED_URL,
    UCUM_URL,
    figure_display,
    finger_text,
)

Json = dict[str, Any]
_ABSENT_URL = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def local(code: str, display: str | None = None) -> Json:
    """A concept of this product's own code system, with its text."""
    words = display or LOCAL_CODES[code]
    coding = {"system": LOCAL_SYSTEM_URL, "version": LOCAL_VERSION, "code": code, "display": words}
    return {"coding": [coding], "text": words}


def published(system: str, code: str, display: str) -> Json:
    """A concept of somebody else's code system."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def body_site(hand: Hand, finger: Finger) -> Json:
    """The finger in SNOMED CT; its side is in the text here and a component of the Observation."""
    code, display = FINGER_SNOMED[finger]
    return {
        "coding": [{"system": SNOMED_URL, "code": code, "display": display}],
        "text": finger_text(hand, finger),
    }


def side(hand: Hand) -> Json:
    """Left or right in SNOMED CT, as a component."""
    code, display = SIDE_SNOMED[hand]
    return {"code": local("laterality"), "valueCodeableConcept": published(SNOMED_URL, code, display)}


def reference(to: uuid.UUID, kind: str, display: str | None = None) -> Json:
    """A reference to another entry of the same Bundle."""
    target: Json = {"reference": f"urn:uuid:{to}", "type": kind}
    return target if display is None else target | {"display": display}


def quantity(value: float, unit: str, decimals: int | None = None) -> Json:
    """A UCUM quantity; `decimals` rounds it as the figure is printed."""
    return {
        "value": value if decimals is None else rounded(value, decimals),
        "unit": unit,
        "system": UCUM_URL,
        "code": unit,
    }


def components(key: str, figure: Figure, definition: FigureDefinition | None) -> list[Json]:
    """A figure as one component; others for the half width of its 95 % interval and for what is said beside it.

    The text of a code names its grey zone too: it is what a person is shown.
    """
    return [*_figure(key, figure, definition), *(_beside(key, one) for one in said_beside(key, figure))]


def _figure(key: str, figure: Figure, definition: FigureDefinition | None) -> list[Json]:
    unit = "1" if definition is None else definition.unit or "1"
    code = local(key, figure_display(key))
    if figure.value is None:
        return [{"code": code, "dataAbsentReason": _absent(str(figure.because))}]
    value, off = figure.value, figure.uncertainty
    if definition is not None and not isinstance(value, str):
        printed, off = as_printed(key, figure)
        value = printed if isinstance(value, float) else value
    first = {"code": code, **_value(value, unit)}
    if isinstance(value, str) and (others := _within_error(key, figure)):
        first["valueCodeableConcept"]["text"] += f" (grey zone: within the error also {others})"
    ends = interval_of(key, figure)
    if off is None or ends is None:
        return [first]
    if printed_figure(key, figure).between is None:
        return [first, _part(key, "ci95", "half width of the 95 % interval", off, unit)]
    return [
        first,
        _part(key, "ci95_low", "lower end of the 95 % interval", ends[0], unit),
        _part(key, "ci95_high", "upper end of the 95 % interval", ends[1], unit),
    ]


def _part(key: str, name: str, words: str, value: float, unit: str) -> Json:
    return {"code": local(f"{key}.{name}", f"{figure_display(key)}, {words}"), "valueQuantity": quantity(value, unit)}


def _beside(key: str, one: SaidBeside) -> Json:
    code = local(f"{key}.{one.name}", f"{figure_display(key)}, {figure_display(one.name).lower()}")
    return {"code": code, **_value(one.value, "um" if one.name.endswith("_um") else "1")}


def _within_error(key: str, figure: Figure) -> str:
    return ", ".join(figure_display(str(one.value)) for one in said_beside(key, figure) if one.name == GREY_ZONE)


def _value(value: float | int | str, unit: str) -> Json:
    if isinstance(value, str):
        return {"valueCodeableConcept": local(value, figure_display(value))}
    if isinstance(value, int) and unit == "1":
        return {"valueInteger": value}
    return {"valueQuantity": quantity(value, unit)}


def _absent(because: str) -> Json:
    applies = "not-applicable" if because.startswith(("not_applicable", "no_giants")) else "unknown"
    names = {"not-applicable": "Not Applicable", "unknown": "Unknown"}
    return {
        "coding": [
            {"system": _ABSENT_URL, "code": applies, "display": names[applies]},
            {
                "system": LOCAL_SYSTEM_URL,
                "version": LOCAL_VERSION,
                "code": because,
                "display": figure_display(because),
            },
        ],
        "text": figure_display(because),
    }
