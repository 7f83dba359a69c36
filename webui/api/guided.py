"""What helps while the picture is live: freezing, automatic capture, clips and panoramas; /api/v1."""

from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.errors import NotKeptError
from webui.api.openapi import Body, api_blueprint
from webui.documents.guided import GuidedDocument, guided_document
from webui.services import Services

_LIVE_MESSAGE: dict[str, Any] = {
    "description": "Length of the header (4 bytes, big-endian), the header in JSON, the picture as JPEG",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_TAGS = [Tag(name="exam", description="The exam under way")]


class PictureBody(Body):
    """A picture that stands frozen on a page."""

    seq: int = Field(ge=0, description="Its number, as it came with the live picture")


class HeldPath(BaseModel):
    """Which picture."""

    seq: int = Field(ge=0, description="Its number, as the station's state names it")


class AutoBody(Body):
    """Whether the station captures by itself."""

    is_on: bool


class GuidedAnswer(BaseModel):
    """Automatic capture, clip and sweep as they now are."""

    guided: GuidedDocument


def guided_blueprint(services: Services) -> APIBlueprint:
    """The verbs beside the exam's own; none of them waits for a picture."""
    api = api_blueprint("guided", __name__, _TAGS, responses={"200": GuidedAnswer})
    guided = services.guided

    def answer() -> Response:
        return jsonify(guided=guided_document(guided).model_dump(mode="json"))

    @api.post("/exam/hold", summary="Keep a picture at hand while it stands frozen")
    def hold(body: PictureBody) -> Response:
        guided.history.hold(body.seq)
        return answer()

    @api.get(
        "/exam/held/<seq>",
        summary="A held picture as it comes live, for a page that never got it",
        responses={"200": _LIVE_MESSAGE},
    )
    def held(path: HeldPath) -> Response:
        shown = guided.history.find(path.seq)
        if shown is None:
            raise NotKeptError(f"picture {path.seq} is no longer at hand", "Go live and freeze again.")
        message = services.hub.message_of(shown.frame, shown.analysis)
        return Response(message, mimetype="application/octet-stream")

    @api.post("/exam/let-go", summary="Go live again after freezing")
    def let_go(body: PictureBody) -> Response:
        guided.history.let_go(body.seq)
        return answer()

    @api.post("/exam/auto", summary="Switch automatic capture")
    def auto(body: AutoBody) -> Response:
        guided.auto.switch(body.is_on)
        return answer()

    @api.post("/exam/clip", summary="Keep the last and the next seconds as a video")
    def clip() -> Response:
        guided.clips.record()
        return answer()

    @api.post("/exam/sweep/begin", summary="Begin a sweep along the nailfold")
    def begin_sweep() -> Response:
        guided.sweep.begin()
        return answer()

    @api.post("/exam/sweep/end", summary="End the sweep; its panorama is stitched, counted and kept")
    def end_sweep() -> Response:
        guided.sweep.end()
        return answer()

    @api.post("/exam/sweep/cancel", summary="End the sweep without a panorama")
    def cancel_sweep() -> Response:
        guided.sweep.cancel()
        return answer()

    return api
