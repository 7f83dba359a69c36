"""The calibration wizard's page."""

import math

from flask import Blueprint, render_template

from webui.localisation.formatting import format_moment, number
from webui.services import Services


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
        return render_template(
            "calibration_one.html", kept=kept, known=kept.calibration, format_moment=format_moment, scale_text=_scale
        )

    return pages


def _scale(um_per_px: float, uncertainty: float) -> str:
    """With two figures of the uncertainty, as the wizard shows it."""
    decimals = 3 if uncertainty <= 0 else min(6, max(3, 1 - math.floor(math.log10(uncertainty))))
    return f"{number(um_per_px, decimals)} \u00b1 {number(uncertainty, decimals)} \u00b5m/px"
