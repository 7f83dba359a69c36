"""The course of a patient's figures over the API."""

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from appliance.domain.exam import Exam, ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.domain.trend import TrendExam
from appliance.exports.report.material import engines_of
from webui.api.openapi import api_blueprint
from webui.api.patients import PatientPath
from webui.documents.trends import TrendsAnswer, trends_document
from webui.services import Services

MOST_EXAMS = 40
"""The newest exams of a course; more neither fit a plot nor are read in a moment."""
_TAGS = [Tag(name="trends", description="Figures over the exams of a patient")]


def trends_blueprint(services: Services) -> APIBlueprint:
    """/api/v1/patients/<id>/trends"""
    api = api_blueprint("trends", __name__, _TAGS, "/patients")

    def trend_exam(exam: Exam) -> TrendExam:
        reviewed = services.reviews.reviewed(exam.exam_id)
        return TrendExam(
            exam.exam_id,
            exam.started_at_utc,
            services.figures(exam.exam_id),
            reviewed.validated_by is not None,
            engines_of(reviewed),
        )

    @api.get("/<uuid:patient_id>/trends", summary="Figures over exams", responses={"200": TrendsAnswer})
    def trends(path: PatientPath) -> Response:
        patient = services.patients.patient(str(path.patient_id))
        query = ExamQuery(pseudonym=patient.pseudonym, state=ExamState.FINISHED, is_archived=None)
        found = [entry.exam for entry in services.finder.search(query, limit=MOST_EXAMS).exams]
        exams = sorted(found, key=lambda one: one.started_at_utc)
        return jsonify(trends_document([trend_exam(one) for one in exams]).model_dump(mode="json"))

    return api
