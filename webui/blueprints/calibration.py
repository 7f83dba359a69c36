"""The calibration wizard's page."""

from flask import Blueprint, render_template

from appliance.domain.calibration import Axis
from webui.services import Services
from webui.when import when


def calibration_blueprint(services: Services) -> Blueprint:
    """/calibration: the wizard and the list of what was calibrated."""
    pages = Blueprint("calibration", __name__, url_prefix="/calibration")
    desk = services.calibrations

    @pages.get("/")
    def page() -> str:
        return render_template("calibration.html", profile=desk.profile(), stated=desk.stated_magnification() or "")

    @pages.get("/<calibration_id>")
    def one_page(calibration_id: str) -> str:
        kept = desk.store.calibration(calibration_id)
        return render_template("calibration_one.html", kept=kept, known=kept.calibration, when=when, axes=Axis)

    return pages
