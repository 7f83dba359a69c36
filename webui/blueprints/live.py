"""The live page."""

from flask import Blueprint, render_template

from webui.settings import WebSettings


def live_blueprint(settings: WebSettings) -> Blueprint:
    """The page at /."""
    pages = Blueprint("live", __name__)

    @pages.get("/")
    def page() -> str:
        return render_template("live.html", settings=settings)

    return pages
