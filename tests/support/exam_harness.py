"""Store, session and publisher as on the device, with a camera of one's own."""

from pathlib import Path
from types import TracebackType

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.exam import Exam, ExamStart
from appliance.exam.message import BoxAddress
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from appliance.storage.still_encoder import encode_still
from appliance.transport.mqtt_publisher import MqttPublisher
from appliance.transport.settings import MqttSettings
from tests.support.exam_parts import IDENTITY, SystemClock, shown_frame

SITE, BOX = "clinic-1", "box-7"


def mqtt_settings(port: int, **changes: object) -> MqttSettings:
    """A broker on this computer, with short waits."""
    values: dict[str, object] = {
        "enabled": True,
        "host": "127.0.0.1",
        "port": port,
        "site": SITE,
        "box": BOX,
        "tls": False,
        "keepalive_s": 5,
        "answer_timeout_s": 1.0,
        "reconnect_first_s": 0.1,
        "reconnect_longest_s": 0.3,
        "will_delay_s": 0,
    }
    return MqttSettings(**{**values, **changes})  # type: ignore[arg-type]


class ExamHarness:
    """A box: `examine()` does a whole exam of two captures."""

    def __init__(
        self,
        folder: Path,
        mqtt: MqttSettings,
        resend_after_s: float = 1.0,
        receipt_timeout_s: float = 0.0,
        box: str = BOX,
    ) -> None:
        clock = SystemClock()
        self._clock = clock
        self._seq = 0
        settings = StorageSettings(
            folder, reserve_mb=0, resend_after_s=resend_after_s, receipt_timeout_s=receipt_timeout_s
        )
        self.storage = open_storage(settings, clock.now_utc)
        self.publisher = MqttPublisher(mqtt, self.storage.outbox, IDENTITY, clock)
        tools = SessionTools(self._show, encode_still, self.publisher.wake)
        self.session = ExamSession(self.storage.exams, tools, BoxAddress(SITE, box), clock, self.storage.journal)

    def _show(self) -> AnalysedFrame:
        self._seq += 1
        return shown_frame(self._seq, self._clock.monotonic_s())

    def examine(self) -> Exam:
        """Finish the open exam, or a new one."""
        snapshot = self.session.snapshot()
        if snapshot.exam is None:
            self.session.start("NC-0042", ExamStart("ana"))
        while len(self.session.snapshot().counts) < 2:
            self.session.capture()
        return self.session.finish("ana")

    def __enter__(self) -> "ExamHarness":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.publisher.stop()
        self.storage.close()
