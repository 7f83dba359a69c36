"""The installed classifier's advice on an exam, over the API and for the exam's page."""

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.pattern import NailfoldPattern, PatternAdvice
from appliance.domain.review import ReviewedExam
from webui.api.openapi import api_blueprint
from webui.api.paths import ExamPath
from webui.services import Services

_TAGS = [Tag(name="pattern", description="What a classifier learnt from this clinic's exams would call an exam")]


class Advice(BaseModel):
    """An advisory beside the rules."""

    likeliest: NailfoldPattern
    probabilities: dict[NailfoldPattern, float]
    method: str
    model_id: str
    trained_on: str
    macro_f1: tuple[float, float, float] = Field(description="Cross-validated per exam, with its 95 % interval")
    images: int = Field(description="How many images of the exam it used")


class AdviceAnswer(BaseModel):
    """null where no classifier is installed or no image counts."""

    advice: Advice | None


def pattern_blueprint(services: Services) -> APIBlueprint:
    """/api/v1/exams/<id>/pattern-advice, and what `pattern.html` calls."""
    api = api_blueprint("pattern", __name__, _TAGS)

    @api.get("/exams/<exam_id>/pattern-advice", summary="The classifier's advice", responses={"200": AdviceAnswer})
    def advice(path: ExamPath) -> Response:
        found = services.pattern_advice(services.reviews.reviewed(str(path.exam_id)))
        answer = AdviceAnswer(advice=None if found is None else _answer(found))
        return jsonify(answer.model_dump(mode="json"))

    @api.app_template_global()
    def pattern_advice_of(reviewed: ReviewedExam) -> PatternAdvice | None:
        return services.pattern_advice(reviewed)

    api.add_app_template_global(lambda: tuple(NailfoldPattern), "patterns_to_choose")
    return api


def _answer(found: PatternAdvice) -> Advice:
    return Advice(
        likeliest=found.likeliest,
        probabilities=dict(found.probabilities),
        method=found.method,
        model_id=found.model_id,
        trained_on=found.trained_on,
        macro_f1=found.macro_f1,
        images=found.images,
    )
