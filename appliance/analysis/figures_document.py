"""The `nailfold.figures/2` document: every figure of an exam, with its uncertainty or its reason, as JSON types."""

from typing import Any

from appliance.domain.exam_figures import ExamFigures, Figure, Figures
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.printed_figure import in_document
from appliance.domain.review import ReviewedExam

SCHEMA = "nailfold.figures/2"
"""Member `schema`; its JSON Schema is appliance/schemas/nailfold.figures-2.schema.json."""

Json = dict[str, Any]


def figures_document(reviewed: ReviewedExam, figures: ExamFigures) -> Json:
    """The figures of one exam, images in the order of their capture.

    Values have one decimal more than their uncertainty lets pages print, so that readers round once.
    """
    return {
        "schema": SCHEMA,
        "exam_id": reviewed.exam.exam_id,
        "is_validated": reviewed.validated_by is not None,
        "definitions": {
            key: {"unit": one.unit, "decimals": one.decimals, "source": one.source} for key, one in DEFINITIONS.items()
        },
        "exam": _figures(figures.exam),
        "fingers": [
            {"hand": hand.value, "finger": finger.value, "figures": _figures(found)}
            for (hand, finger), found in figures.fingers.items()
        ],
        "sectors": [
            {**_place(place.hand.value, place.finger.value, place.sector.value), "figures": _figures(found)}
            for place, found in figures.sectors.items()
        ],
        "images": [
            {
                "image_id": one.image.image_id,
                **_place(one.image.hand.value, one.image.finger.value, one.image.sector.value),
                "kind": one.image.kind.value,
                "is_edited": one.is_edited,
                "figures": _figures(figures.images[one.image.image_id]),
            }
            for one in reviewed.images
        ],
    }


def _place(hand: str, finger: str, sector: str) -> Json:
    return {"hand": hand, "finger": finger, "sector": sector}


def _figures(figures: Figures) -> Json:
    return {key: _figure(key, figure) for key, figure in figures.items()}


def _figure(key: str, figure: Figure) -> Json:
    value, off = in_document(key, figure)
    return {
        "value": value,
        "uncertainty": off,
        "because": figure.because,
        "basis": dict(figure.basis),
    }
