"""The station's state as the status bar shows it, and the thread that keeps every page up to date."""

import logging
import threading
import time
from dataclasses import asdict
from typing import Any

from appliance.domain.calibration import Calibration
from webui.documents.board import buttons_document
from webui.documents.exam import exam_document
from webui.documents.guided import guided_document
from webui.services import Services

_log = logging.getLogger(__name__)
_POLL_INTERVAL_S = 0.2


def status_document(services: Services) -> dict[str, Any]:
    """Camera, engines, calibration, outbox, broker and exam as JSON types."""
    camera, identity, scale = services.camera(), services.identity(), services.scale()
    return {
        "camera": {
            "phase": camera.phase.value,
            "reason": camera.reason,
            "name": camera.camera.name if camera.camera else None,
            "capture_fps": round(camera.capture_fps, 1),
            "frames_captured": camera.frames_captured,
            "frames_dropped": camera.frames_dropped,
        },
        "engine": {
            "fps": round(services.hub.engine_fps, 1),
            "runtime": identity.runtime,
            "software_version": identity.software_version,
            "engines": dict(identity.engines),
            "problem": services.engine_problem(),
        },
        "calibration": _calibration_document(scale.calibration, scale.is_due),
        "calibration_problem": scale.reason,
        "outbox": asdict(services.outbox()),
        "broker": asdict(services.broker()),
        "live": {"listeners": services.hub.listeners, "frames_encoded": services.hub.frames_encoded},
        "guided": guided_document(services.guided).model_dump(mode="json"),
        "exam": exam_document(services.exam.snapshot()),
        "buttons": buttons_document(services.board).model_dump(mode="json"),
    }


def _calibration_document(calibration: Calibration | None, is_due: bool) -> dict[str, Any] | None:
    if calibration is None:
        return None
    return {
        "calibration_id": calibration.calibration_id,
        "um_per_px": calibration.um_per_px,
        "uncertainty_um_per_px": calibration.uncertainty_um_per_px,
        "origin": calibration.origin.value,
        "magnification": calibration.magnification,
        "is_due": is_due,
    }


class StatusFeed:
    """Sends the state to every page: within a fifth of a second when it changes, and once an interval."""

    def __init__(self, services: Services, interval_s: float) -> None:
        self._services = services
        self._interval_s = interval_s
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status-feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        self._thread.join()

    def _run(self) -> None:
        sent: object = None
        sent_at_s = -self._interval_s
        is_failing = False
        while not self._is_stopping.wait(_POLL_INTERVAL_S):
            try:
                status = status_document(self._services)
                changing = _without_counters(status)
                if changing != sent or time.monotonic() - sent_at_s >= self._interval_s:
                    self._services.hub.publish_status(status)
                    sent, sent_at_s = changing, time.monotonic()
                is_failing = False
            except Exception:  # without this thread every page would show the state of long ago
                if not is_failing:
                    _log.exception("the station's state could not be read for the pages")
                is_failing = True


def _without_counters(status: dict[str, Any]) -> dict[str, Any]:
    """What the operator should hear of at once; frame counts and rates can wait for the interval."""
    return {
        **status,
        "camera": {key: status["camera"][key] for key in ("phase", "reason", "name")},
        "engine": {key: status["engine"][key] for key in ("runtime", "problem")},
        "live": None,
    }
