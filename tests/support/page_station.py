"""A station without camera and engines: everything that the pages see is real, what comes in is the test's choice."""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.accounts.access import AccessSecrets
from appliance.accounts.full_names import full_names
from appliance.analysis.panorama import Panorama
from appliance.apps.archive.assembly import build_exchange
from appliance.apps.archive.report import build_report_service
from appliance.apps.station.box_board import StationBoard
from appliance.apps.station.network_client import NetworkClient
from appliance.domain.analysis_result import AnalysedFrame, FrameAnalysis
from appliance.domain.calibration import Calibration
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.pattern import PatternAdvice
from appliance.domain.review import ReviewedExam
from appliance.exam.calibration_reminder import CalibrationReminder
from appliance.exam.clock_watch import ClockWatch
from appliance.exam.frame_history import FrameHistory
from appliance.exam.guided_capture import guide
from appliance.exam.live import LiveHub
from appliance.exam.message import BoxAddress
from appliance.exam.review_service import ReviewService
from appliance.exam.revision_messages import RevisionMessages
from appliance.exam.scale_in_force import ShownScale
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.exam.settings import ExamSettings
from appliance.exam.withheld_results import WithheldResults
from appliance.exports.settings import PacsSettings
from appliance.ports import BoxAdministration, BoxCopies, BrokerStatus, Clock, FindVessels, TimeZone
from appliance.storage.memory_collections import MemoryCollectionStore
from appliance.storage.memory_finder import MemoryExamFinder
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.still_encoder import encode_still
from firmware.settings import FirmwareSettings
from tests.support.accounts import new_account_service
from tests.support.box_administration import MemoryBoxAdministration
from tests.support.calibration_parts import new_calibration_service
from tests.support.exam_parts import IDENTITY, SystemClock, look_at_still
from webui.app import create_app
from webui.auth.certificate import Certificate
from webui.services import Services
from webui.serving.server import WebServer, serve
from webui.settings import WebSettings

SECRETS = AccessSecrets(access_code="HJKM3467", session_key="4" * 64)
Picture = NDArray[np.uint8]


class PageStation:
    """Pages, hub, exam and store of a station; `show` plays camera and engine, `unplug` the operator.

    There are the three accounts of tests/support/accounts.py, or nobody's where `is_new`; `clock` ends their sessions.

    Usable with `with`, which serves the pages on a free port.
    """

    def __init__(
        self,
        settings: WebSettings | None = None,
        calibration: Calibration | None = None,
        *,
        clock: Clock | None = None,
        is_new: bool = False,
        certificate: Certificate | None = None,
        pacs: PacsSettings | None = None,
        pattern_advice: Callable[[ReviewedExam], PatternAdvice | None] = lambda _: None,
        report_folder: Path | None = None,
        exam: ExamSettings | None = None,
        exam_clock: Clock | None = None,
        firmware: FirmwareSettings | None = None,
        box: BoxAdministration | None = None,
        copies: BoxCopies | None = None,
        network_socket: Path | None = None,
        time_zone: TimeZone | None = None,
        find_vessels: FindVessels | None = None,
    ) -> None:
        self.settings = settings or WebSettings(port=0, first_delay_s=0.4)
        self.calibration = calibration
        self.reminder: CalibrationReminder | None = None
        self.hub = LiveHub()
        self.store = MemoryExamStore()
        self.journal = MemoryJournal(SystemClock().now_utc, self.store.outbox)
        self.accounts = new_account_service(self.journal, clock=clock, is_new=is_new)
        self.broker = BrokerStatus(is_enabled=True, is_connected=True)
        self._phase, self._reason = CameraPhase.STARTING, "Starting the capillaroscope"
        self._latest: AnalysedFrame | None = None
        self.calibrations = new_calibration_service(
            self.journal, lambda: None if self._latest is None else self._latest.frame
        )
        self._captured = 0
        self.history = FrameHistory(ExamSettings().history_s)
        self.clock_watch = ClockWatch(exam_clock or SystemClock(), self.journal)
        self.session = ExamSession(self.store, self._tools(), BoxAddress("clinic", "box1"), SystemClock(), self.journal)
        self.guided = guide(
            self.session, self.history, self._look_at_panorama, lambda _: self.calibration, exam or ExamSettings()
        )
        self.exchange = build_exchange(
            Path(tempfile.gettempdir()) / f"nailfold-imports-{secrets.token_hex(6)}",
            self.store,
            self.store.patients,
            self.journal,
            look_at_still,
            pacs or PacsSettings(),
            BoxAddress("clinic", "box1"),
            SystemClock().now_utc,
            IDENTITY.software_version,
            full_names(self.accounts.store),
            exam or ExamSettings(),
        )
        self.board = StationBoard(
            firmware or FirmwareSettings(board="none"), "nailfold test", self.session, self.history
        )
        finder = MemoryExamFinder(self.store, self.journal)
        self.services = Services(
            hub=self.hub,
            exam=self.session,
            guided=self.guided,
            store=self.store,
            patients=self.store.patients,
            folders=self.store.folders,
            collections=MemoryCollectionStore(self.store),
            finder=finder,
            reviews=ReviewService(self.store, self.journal, self._publication()),
            journal=self.journal,
            exchange=self.exchange,
            secrets=SECRETS,
            accounts=self.accounts,
            certificate=lambda: certificate,
            pattern_advice=pattern_advice,
            find_vessels=find_vessels,
            calibrations=self.calibrations,
            reports=build_report_service(
                report_folder or Path(tempfile.gettempdir()) / f"nailfold-report-{secrets.token_hex(6)}",
                self.store,
                finder,
                self.accounts.store,
                self.journal,
                SystemClock().now_utc,
                IDENTITY.software_version,
                pattern_advice,
            ),
            camera=self._camera,
            scale=lambda: ShownScale(self.calibration, is_due=self.reminder is not None, reminder=self.reminder),
            identity=lambda: IDENTITY,
            outbox=self.store.outbox.status,
            broker=lambda: self.broker,
            message_state=self.store.outbox.message_state,
            clock=self.clock_watch,
            withheld=WithheldResults(self.store.outbox, self.journal),
            time_zone=time_zone,
            box=box or MemoryBoxAdministration(),
            copies=copies,
            network=None if network_socket is None else NetworkClient(self.journal, network_socket),
            board=self.board,
        )
        self.app = create_app(self.services, self.settings)
        self.server: WebServer | None = None

    def __enter__(self) -> "PageStation":
        self.hub.start()
        self.guided.start()
        self.exchange.start()
        self.board.start()
        self.server = serve(self.app, self.services, self.settings)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.stop()
        self.board.stop(5.0)
        self.exchange.stop()
        self.guided.stop()
        self.hub.stop()

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def next_frame(self, image_rgb: Picture, captured_ago_s: float = 0.0) -> Frame:
        """A frame captured now, with the next sequence number."""
        self._captured += 1
        height, width = image_rgb.shape[:2]
        camera = CameraDescription("Dino-Lite AM4113", "a168:0990:X1", "MJPG", width, height, 30.0)
        return Frame(self._captured, image_rgb, time.monotonic() - captured_ago_s, datetime.now(timezone.utc), camera)

    def show(self, frame: Frame, analysis: FrameAnalysis) -> None:
        """What camera and engine do for each picture."""
        self._phase, self._reason = CameraPhase.LIVE, ""
        self._latest = AnalysedFrame(frame, analysis, self.calibration)
        self.guided.captured(frame)
        self.guided.analysed(self._latest)
        self.hub.publish(frame, analysis)

    def unplug(self, reason: str = "The capillaroscope was unplugged. Plug it in again.") -> None:
        """Somebody pulls the cable; no picture comes any more."""
        self._phase, self._reason = CameraPhase.LOST, reason

    def _camera(self) -> CameraState:
        camera = None if self._latest is None else self._latest.frame.camera
        fps = self.hub.engine_fps if self._phase is CameraPhase.LIVE else 0.0
        return CameraState(self._phase, camera, self._reason, self._captured, 0, fps)

    def _publication(self) -> RevisionMessages:
        return RevisionMessages(
            BoxAddress("clinic", "box1"), self.store.outbox.newest_message_id, SystemClock().now_utc
        )

    def _tools(self) -> SessionTools:
        return SessionTools(
            current=lambda: self._latest,
            encode=encode_still,
            history=self.history,
            require_clock=self.clock_watch.require_plausible,
            newest_message_id=self.store.outbox.newest_message_id,
        )

    def _look_at_panorama(self, panorama: Panorama, frame: Frame) -> AnalysedFrame:
        """What the last picture showed, on a picture of the panorama's size."""
        assert self._latest is not None
        height, width = panorama.image_rgb.shape[:2]
        template = replace(self._latest.analysis, um_per_px=None, calibration_id=None)
        analysis = replace(template, seq=frame.seq, width_px=width, height_px=height)
        return AnalysedFrame(replace(frame, image_rgb=panorama.image_rgb), analysis)


class Feed:
    """Calls `step` at a steady rate in a thread of its own; usable with `with`."""

    def __init__(self, step: Callable[[], None], fps: float) -> None:
        self._step = step
        self._pause_s = 1 / fps
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed")

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping.wait(self._pause_s):
            self._step()
