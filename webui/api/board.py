"""The box's board: what it is, how bright its light is, and the buttons of a simulated one; /api/v1."""

from typing import Literal

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from webui.api.openapi import Body, api_blueprint
from webui.documents.board import BoardDocument, board_document
from webui.services import Services

_TAGS = [Tag(name="board", description="The box's own buttons, lamp and light")]


class LightBody(Body):
    """Brightness of the ring light."""

    level: float = Field(ge=0, le=1)


class PressBody(Body):
    """A press or its end."""

    button: Literal["capture", "freeze", "pedal", "shutdown"]
    is_pressed: bool


class BoardAnswer(BaseModel):
    """The board as the firmware said last; what was just asked for shows a moment later."""

    board: BoardDocument


def board_api_blueprint(services: Services) -> APIBlueprint:
    """/api/v1/board"""
    api = api_blueprint("board_api", __name__, _TAGS, responses={"200": BoardAnswer})

    def answer() -> Response:
        return jsonify(board=board_document(services.board).model_dump(mode="json"))

    @api.get("/board", summary="The board")
    def show() -> Response:
        return answer()

    @api.put("/board/light", summary="Set the ring light")
    def set_light(body: LightBody) -> Response:
        services.board.set_light(body.level)
        return answer()

    @api.post("/board/press", summary="Press or let go of a simulated board's button")
    def press(body: PressBody) -> Response:
        services.board.press(body.button, body.is_pressed)
        return answer()

    return api
