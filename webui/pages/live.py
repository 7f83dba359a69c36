"""The live page."""

from flask import Blueprint, render_template

from appliance.domain.metrics import EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM
from webui.settings import WebSettings


def live_blueprint(settings: WebSettings) -> Blueprint:
    """The page at /."""
    pages = Blueprint("live", __name__)

    @pages.get("/")
    def page() -> str:
        return render_template(
            "live.html",
            settings=settings,
            normal_from=NORMAL_FROM_PER_MM,
            extreme_up_to=EXTREMELY_LOWERED_UP_TO_PER_MM,
        )

    return pages
