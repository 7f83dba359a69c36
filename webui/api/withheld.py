"""Results that the broker refused, over the API and on the page "About this box"."""

from uuid import UUID

from flask import Blueprint, Response, jsonify, redirect, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as BaseResponse

from appliance.domain.account import Role
from appliance.exam.withheld_results import WithheldResults
from webui.api.openapi import api_blueprint
from webui.auth.current_account import actor, requires

_TAGS = [Tag(name="results", description="Results that the broker refused")]


class MessagePath(BaseModel):
    """Which one."""

    msg_id: UUID


class WithheldDocument(BaseModel):
    """A result that the broker refused for good."""

    msg_id: str
    seq: int = Field(description="Its number among all that this box ever queued")
    exam_id: str
    reason: str = Field(description="The broker's answer")


class WithheldAnswer(BaseModel):
    """All of them, oldest first."""

    withheld: list[WithheldDocument]


def withheld_api_blueprint(withheld: WithheldResults) -> APIBlueprint:
    """/withheld-results"""
    api = api_blueprint("withheld_api", __name__, _TAGS)

    def answer() -> Response:
        found = [
            WithheldDocument(msg_id=one.msg_id, seq=one.seq, exam_id=one.exam_id, reason=one.reason)
            for one in withheld.all()
        ]
        return jsonify(WithheldAnswer(withheld=found).model_dump(mode="json"))

    @api.get("/withheld-results", summary="Results that the broker refused", responses={"200": WithheldAnswer})
    @requires(Role.OPERATOR)
    def show() -> Response:
        return answer()

    @api.post("/withheld-results/<msg_id>/retry", summary="Send one again", responses={"200": WithheldAnswer})
    @requires(Role.PHYSICIAN)
    def retry(path: MessagePath) -> Response:
        withheld.retry(str(path.msg_id), actor())
        return answer()

    return api


def withheld_page_blueprint(withheld: WithheldResults) -> Blueprint:
    """What the button on the page does."""
    pages = Blueprint("withheld", __name__)

    @pages.post("/withheld-results/<uuid:msg_id>/retry")
    @requires(Role.PHYSICIAN)
    def retry(msg_id: UUID) -> BaseResponse:
        withheld.retry(str(msg_id), actor())
        return redirect(url_for("about.page"))

    return pages
