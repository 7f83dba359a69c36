"""The box's board: a test of what is wired, and a board of software to play with in a demonstration."""

from flask import Blueprint, render_template

from webui.documents.board import board_document
from webui.services import Services

BUTTONS = ("capture", "freeze", "pedal", "shutdown")


def board_blueprint(services: Services) -> Blueprint:
    """The page at /board."""
    pages = Blueprint("board", __name__)

    @pages.get("/board")
    def page() -> str:
        return render_template("board.html", board=board_document(services.board), buttons=BUTTONS)

    return pages
