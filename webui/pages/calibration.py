"""The calibration wizard's page."""

from flask import Blueprint, render_template

from appliance.domain.honest_digits import scale_decimals
from webui.localisation.formatting import format_moment, number
from webui.services import Services


def calibration_blueprint(services: Services) -> Blueprint:
    """/calibration: the wizard and the list of what was calibrated."""
    pages = Blueprint("calibration", __name__, url_prefix="/calibration")
    service = services.calibrations

    @pages.get("/")
    def page() -> str:
        return render_template(
            "calibration.html",
            profile=service.profile(),
            stated=service.stated_magnification() or "",
            reminder=services.scale().reminder,
            format_moment=format_moment,
        )

    @pages.get("/<calibration_id>")
    def one_page(calibration_id: str) -> str:
        kept = service.store.calibration(calibration_id)
        return render_template(
            "calibration_one.html",
            kept=kept,
            known=kept.calibration,
            format_moment=format_moment,
            scale_text=_scale,
            axis_text=lambda one: _one_axis(one, kept.calibration.uncertainty_um_per_px),
        )

    return pages


def _scale(um_per_px: float, uncertainty: float) -> str:
    decimals = scale_decimals(uncertainty)
    return f"{number(um_per_px, decimals)} \u00b1 {number(uncertainty, decimals)} \u00b5m/px"


def _one_axis(um_per_px: float, uncertainty: float | None) -> str:
    """Of one axis, to the digits of the whole scale."""
    return f"{number(um_per_px, scale_decimals(uncertainty))} \u00b5m/px"
