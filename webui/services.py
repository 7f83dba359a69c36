"""What the pages need from the station, and nothing else of it."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.calibration import Calibration
from appliance.domain.camera_state import CameraState
from appliance.exam.live import LiveHub
from appliance.exam.review import ReviewDesk
from appliance.exam.session import ExamSession
from appliance.ports import BrokerStatus, ExamStore, Journal, OutboxStatus
from webui.access import AccessSecrets


@dataclass(frozen=True)
class Services:
    """The running station, as the pages see it. Every callable is quick and safe to call from any thread.

    Attributes:
        reviews: exams as the physician left them; what figures, reports and exports are computed from.
        journal: where every noteworthy action is written.
        message_state: of a finished exam's message, by exam id: "pending", "sent", "acknowledged", "receipted",
            "dead"; None where the exam has no message.
        engine_problem: why the newest frame could not be analysed; empty while all is well.
        calibration_problem: why nothing is in micrometres, in the operator's words; empty with a calibration.
    """

    hub: LiveHub
    exam: ExamSession
    store: ExamStore
    reviews: ReviewDesk
    journal: Journal
    secrets: AccessSecrets
    camera: Callable[[], CameraState]
    calibration: Callable[[], Calibration | None]
    identity: Callable[[], EngineIdentity]
    outbox: Callable[[], OutboxStatus]
    broker: Callable[[], BrokerStatus]
    message_state: Callable[[str], str | None]
    engine_problem: Callable[[], str] = lambda: ""
    calibration_problem: Callable[[], str] = lambda: ""
