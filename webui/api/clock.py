"""The operator's word for the clock: over the API and on the page "About this box"."""

from flask import Blueprint, Response, jsonify, redirect, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as BaseResponse

from appliance.domain.account import Role
from appliance.exam.clock_watch import ClockWatch
from webui.api.openapi import api_blueprint
from webui.auth.current_account import actor, requires
from webui.documents.instant import Instant

_TAGS = [Tag(name="clock", description="Whether the clock can date an exam")]


class ClockAnswer(BaseModel):
    """The clock as the station judges it."""

    earliest_utc: Instant | None = Field(description="The clock is before this and cannot be; null: all is well")


def clock_api_blueprint(watch: ClockWatch) -> APIBlueprint:
    """/clock"""
    api = api_blueprint("clock_api", __name__, _TAGS, responses={"200": ClockAnswer})

    def answer() -> Response:
        return jsonify(ClockAnswer(earliest_utc=watch.earliest_utc()).model_dump(mode="json"))

    @api.get("/clock", summary="Whether the clock can date an exam")
    @requires(Role.OPERATOR)
    def show() -> Response:
        return answer()

    @api.post("/clock/confirm", summary="Vouch for the clock until the station starts anew")
    @requires(Role.OPERATOR)
    def confirm() -> Response:
        watch.confirm(actor())
        return answer()

    return api


def clock_page_blueprint(watch: ClockWatch) -> Blueprint:
    """What the button on the page does."""
    pages = Blueprint("clock", __name__)

    @pages.post("/clock/confirm")
    @requires(Role.OPERATOR)
    def confirm() -> BaseResponse:
        watch.confirm(actor())
        return redirect(url_for("about.page"))

    return pages
