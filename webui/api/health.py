"""For the watchdog and the network's monitoring: no login, and nothing about patients."""

from flask import Blueprint, Response, jsonify

from appliance.domain.camera_state import CameraPhase
from webui.services import Services


def health_blueprint(services: Services) -> Blueprint:
    """/health/alive: pages are served. /health/ready: pictures come and are analysed."""
    pages = Blueprint("health", __name__, url_prefix="/health")

    @pages.get("/alive")
    def alive() -> Response:
        return jsonify(status="alive")

    @pages.get("/ready")
    def ready() -> tuple[Response, int]:
        phase, fps = services.camera().phase, services.hub.engine_fps
        is_ready = phase is CameraPhase.LIVE and fps > 0
        return jsonify(is_ready=is_ready, camera=phase.value, analysis_fps=round(fps, 1)), 200 if is_ready else 503

    return pages
