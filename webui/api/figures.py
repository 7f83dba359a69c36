"""Figures of a reviewed exam: the JSON document and the block on the exam's page."""

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.analysis.figures_document import figures_document
from appliance.domain.figure_definition import Place
from appliance.domain.figure_definitions import METRICS, figures_at
from webui.api.openapi import api_blueprint
from webui.api.paths import ExamPath
from webui.localisation.figure_formatting import format_figure
from webui.services import Services

_TAGS = [Tag(name="figures", description="Figures and scores of an exam")]


class FigureAnswer(BaseModel):
    """One figure, or why there is none."""

    value: float | str | None
    uncertainty: float | None = Field(description="Half the width of the 95 % interval")
    because: str | None = Field(description="Why there is no value")
    basis: dict[str, float | str]


class FiguresAnswer(BaseModel):
    """The `nailfold.figures/2` document; its JSON Schema is the whole truth about it."""

    exam_id: str
    is_validated: bool
    exam: dict[str, FigureAnswer]


def figures_blueprint(services: Services) -> APIBlueprint:
    """/api/v1/exams/<id>/figures, and `exam_page_figures` for templates."""
    api = api_blueprint("figures", __name__, _TAGS)

    @api.get("/exams/<exam_id>/figures", summary="Figures and scores", responses={"200": FiguresAnswer})
    def figures(path: ExamPath) -> Response:
        reviewed = services.reviews.reviewed(str(path.exam_id))
        return jsonify(figures_document(reviewed, services.figures_of(reviewed)))

    return api


def figures_globals(services: Services) -> dict[str, object]:
    """What templates call: the figures of an exam, their words, and which of them a place shows."""
    return {
        "figures_of": services.figures_of,
        "format_figure": format_figure,
        "figures_at": lambda place: figures_at(Place(place)),
        "decimals_of": lambda key: METRICS[key].decimals,
    }
