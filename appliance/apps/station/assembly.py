"""The whole device, joined: `Station.__init__` shows how the parts are wired."""

import importlib.metadata
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

from appliance.accounts.access import load_or_create_secrets
from appliance.accounts.account_service import AccountService
from appliance.accounts.full_names import full_names
from appliance.analysis.panorama_analysis import PanoramaAnalyser
from appliance.analysis.pipeline import Pipeline
from appliance.apps.archive.assembly import build_exchange, known_scales, still_analysis
from appliance.apps.archive.pattern_advice import PatternAdvisor
from appliance.apps.archive.report import build_report_service
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.engines.live_precision import live_precision
from appliance.apps.station.administration import StationAdministration
from appliance.apps.station.backup_keeper import BackupKeeper
from appliance.apps.station.box_board import StationBoard, StationPhase
from appliance.apps.station.box_time_zone import BoxTimeZone
from appliance.apps.station.certificate import StationCertificate
from appliance.apps.station.data_check import read_data_check
from appliance.apps.station.data_dir import DataDir
from appliance.apps.station.engine_loop import EngineLoop
from appliance.apps.station.fleet.agent import StationAgent
from appliance.apps.station.fleet.box_health import BoxHealth
from appliance.apps.station.fleet.engine_update import validated_weights
from appliance.apps.station.fleet.log_lines import LogLines
from appliance.apps.station.fleet.wiping import wipe_if_asked
from appliance.apps.station.frame_calibration import (
    calibration_service,
    settings_at_full_size,
    shown_scale,
    station_calibration,
)
from appliance.apps.station.heartbeat import Heartbeat
from appliance.apps.station.host_names import host_names
from appliance.apps.station.network_client import NetworkClient
from appliance.apps.station.observed_slot import ObservedSlot
from appliance.apps.station.restoring import restored_storage
from appliance.apps.station.shared_engines import shared
from appliance.apps.station.simulated_scope import SceneFactory
from appliance.apps.station.spare_memory import SpareMemory
from appliance.apps.station.stick_copies import copies_of
from appliance.apps.station.vitals import Frames, Vitals
from appliance.apps.system_clock import SystemClock
from appliance.capture.grabber import FrameGrabber
from appliance.capture.open_source import open_source
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration
from appliance.domain.camera_state import CameraPhase
from appliance.domain.exam_protocol import protocol_named
from appliance.domain.frame import Frame
from appliance.exam.clock_watch import ClockWatch
from appliance.exam.frame_history import FrameHistory
from appliance.exam.guided_capture import guide
from appliance.exam.live import LiveHub
from appliance.exam.message import BoxAddress
from appliance.exam.review_service import ReviewService
from appliance.exam.revision_messages import RevisionMessages
from appliance.exam.scale_in_force import ScaleInForce
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.exam.withheld_results import WithheldResults
from appliance.inference.engine_set import load_engine_set
from appliance.inference.pattern_classifier import load_classifier
from appliance.inference.vessel_layer import vessel_finder
from appliance.ports import Clock, EngineSet
from appliance.storage.image_files import free_percent
from appliance.storage.still_encoder import encode_still
from appliance.transport.mqtt_publisher import MqttPublisher
from webui.app import create_app
from webui.services import Services
from webui.serving.server import WebServer, serve

_log = logging.getLogger(__name__)
# Each part is given this long to end; together they stay below the three seconds a power supply's buffer lasts.
_STOP_TIMEOUT_S = 1.0


class Station:
    """Camera, engines, exam, broker and pages as one device. Built in one piece, started, then stopped once.

    Args:
        restart: ends this station and starts it anew; returns at once.

    Raises:
        ApplianceError: the data folder, an engine, a setting or the web port cannot be used.
    """

    def __init__(self, loaded: LoadedSettings, restart: Callable[[], None] = lambda: None) -> None:
        settings = loaded.settings
        version = importlib.metadata.version("nailfold-appliance")
        clock = SystemClock()
        self._logs = LogLines()
        if settings.fleet.enabled:
            logging.getLogger().addHandler(self._logs)
        self._data_dir = DataDir(settings.station.data_dir)
        wipe_if_asked(settings, f"wiped-{version}", clock.now_utc())
        self._secrets, _ = load_or_create_secrets(self._data_dir.access_file)
        scene = SceneFactory()
        capture = settings_at_full_size(loaded)
        source = open_source(capture.source, capture, scene)
        engines = shared(load_engine_set(live_precision(settings.inference).settings, version))
        pipeline = Pipeline(engines, settings=settings.analysis)
        self._storage = restored_storage(self._data_dir.folder, settings.storage, clock)
        journal = self._storage.journal
        in_force = ScaleInForce(self._storage.calibrations)
        calibration = station_calibration(loaded, lambda: scene.options, in_force)
        self._accounts = AccountService(self._storage.accounts, journal, clock)
        self._certificate = StationCertificate(settings.web, self._data_dir.tls_folder, clock)
        self._slot = ObservedSlot()
        self._grabber = FrameGrabber(source, self._slot, capture)
        self._hub = LiveHub(settings.live)

        def analyse(frame: Frame, scale: Calibration | None) -> FrameAnalysis:
            pipeline.use_calibration(scale)
            return pipeline.analyse(frame, track=True)

        history = FrameHistory(settings.exam.history_s)
        self._publisher = MqttPublisher(
            settings.mqtt, self._storage.outbox, engines.identity, clock, journal_state=self._storage.journal.state
        )
        clock_watch = ClockWatch(clock, journal)
        tools = SessionTools(
            current=lambda: self._engine.latest,
            encode=encode_still,
            on_finished=self._publisher.wake,
            history=history,
            require_clock=clock_watch.require_plausible,
            newest_message_id=self._storage.outbox.newest_message_id,
        )
        address = BoxAddress(settings.mqtt.site, settings.mqtt.box)
        session = ExamSession(
            self._storage.exams,
            tools,
            address,
            clock,
            journal,
            settings=settings.exam,
            protocol=protocol_named(settings.exam.protocol),
        )
        self._backup_keeper = BackupKeeper(
            self._storage.backups,
            settings.storage.backup_every_h,
            lambda: session.snapshot().exam is not None,
            clock,
        )
        copies, self._stick_copies = copies_of(
            settings.storage,
            self._storage,
            self._data_dir.folder,
            clock,
            lambda: session.snapshot().exam is not None,
            restart,
        )
        self._guided = guide(
            session,
            history,
            PanoramaAnalyser(engines, calibration.for_frame, settings.analysis),
            calibration.for_frame,
            settings.exam,
        )
        self._slot.listener = self._guided.captured
        self._engine = EngineLoop(
            self._slot,
            analyse,
            calibration.for_frame,
            self._hub.publish,
            self._guided.analysed,
        )
        newest_message_id = self._storage.outbox.newest_message_id
        publication = RevisionMessages(address, newest_message_id, clock.now_utc, self._publisher.wake)
        self._exchange = build_exchange(
            settings.station.data_dir / "imports",
            self._storage.exams,
            self._storage.patients,
            journal,
            still_analysis(engines, settings.analysis),
            settings.pacs,
            address,
            clock.now_utc,
            version,
            full_names(self._storage.accounts),
            lambda: known_scales(self._storage.calibrations),
            settings.exam,
        )
        self._board = StationBoard(settings.firmware, f"nailfold {version}", session, history)
        advice = PatternAdvisor(self._storage.exams, load_classifier(self._data_dir.folder / "pattern"))
        self._services = Services(
            hub=self._hub,
            exam=session,
            guided=self._guided,
            store=self._storage.exams,
            patients=self._storage.patients,
            folders=self._storage.folders,
            collections=self._storage.collections,
            finder=self._storage.finder,
            reviews=ReviewService(self._storage.exams, journal, publication),
            journal=journal,
            exchange=self._exchange,
            secrets=self._secrets,
            accounts=self._accounts,
            certificate=lambda: self._certificate.current,
            own_names=host_names,
            clock=clock_watch,
            disk_free_percent=lambda: free_percent(settings.storage.folder),
            pattern_advice=advice,
            # Its network has a trunk of its own, so it fits whatever networks the fleet sends.
            find_vessels=vessel_finder(validated_weights()),
            calibrations=calibration_service(
                self._storage.calibrations, journal, clock, in_force, calibration, self._newest_frame
            ),
            reports=build_report_service(
                self._data_dir.folder / "report",
                self._storage.exams,
                self._storage.finder,
                self._storage.accounts,
                journal,
                clock.now_utc,
                version,
                advice,
            ),
            camera=lambda: self._grabber.state,
            scale=lambda: shown_scale(calibration.newest, journal, clock.now_utc(), loaded),
            identity=lambda: engines.identity,
            outbox=self._storage.outbox.status,
            broker=self._publisher.status,
            message_state=self._storage.outbox.message_state,
            withheld=WithheldResults(self._storage.outbox, journal, self._publisher.wake),
            engine_problem=lambda: self._engine.health.last_error,
            board=self._board,
            time_zone=BoxTimeZone.applied(self._data_dir.time_zone_file, journal),
            box=StationAdministration(
                loaded, self._storage.backups, journal, clock, self._stick_copies.state, read_data_check()
            ),
            copies=copies,
            network=NetworkClient(journal),
        )
        frames = Frames(
            lambda: self._grabber.state,
            lambda: self._engine.health.frames_seen,
            lambda: self._engine.computed_s,
        )
        self._vitals = Vitals(frames, self._storage.exams, self._served_url)
        phase = StationPhase(
            camera=lambda: self._grabber.state,
            engine_problem=lambda: self._engine.health.last_error,
            is_examining=lambda: session.snapshot().exam is not None,
        )
        self._heartbeat = Heartbeat(self._vitals.look, phase, self._board.tell, settings.firmware.stalled_after_s)
        self._agent = self._fleet_agent(loaded, engines, session, restart, clock)
        self._warming_up = threading.Thread(target=self._warm_up, name="warm-up")
        self._web: WebServer | None = None
        self._spare_memory = SpareMemory()

    def _fleet_agent(
        self,
        loaded: LoadedSettings,
        engines: EngineSet,
        session: ExamSession,
        restart: Callable[[], None],
        clock: Clock,
    ) -> StationAgent | None:
        if not loaded.settings.fleet.enabled:
            return None
        health = BoxHealth(
            self._publisher.boot_id,
            engines.identity,
            self._data_dir.folder,
            lambda: self._grabber.state,
            lambda: self._engine.health,
            self._storage.outbox.status,
            clock,
        )
        return StationAgent(
            loaded,
            self._storage,
            self._publisher,
            health.read,
            lambda: session.snapshot().exam is not None,
            restart,
            clock,
            self._logs,
        )

    @property
    def url(self) -> str:
        """Where the pages are; by this computer's name where they are served to the network."""
        name = f"//{socket.gethostname()}:"
        return self._served_url().replace("//0.0.0.0:", name).replace("//[::]:", name)

    def _served_url(self) -> str:
        assert self._web is not None, "the station was not started"
        return self._web.url

    @property
    def greeting(self) -> tuple[str, ...]:
        """What is printed when the pages are served; the two words only until there is an administrator."""
        own = self._certificate.current
        certificate = f"Certificate SHA-256 {own.fingerprint}" if own else ""
        code = "" if self._accounts.is_set_up else f"  two words {self._secrets.printed_code}"
        return tuple(line for line in (certificate, f"Open {self.url}{code}") if line)

    def start(self, served: Callable[[], object] = lambda: None) -> None:
        """Pages first: a taken port is known before the camera moves. Raises SettingsError for one.

        Args:
            served: called once, after the pages are served and before the board is connected to.
        """
        self._web = serve(
            create_app(self._services, self._certificate.web_settings), self._services, self._certificate.web_settings
        )
        self._certificate.start(self._web.use_certificate)
        if not self._certificate.web_settings.is_loopback and not self._certificate.web_settings.is_tls:
            _log.warning("pages are served to the network in the clear, as web.plain_http_on_network allows")
        self._warming_up.start()
        self._hub.start()
        self._guided.start()
        self._engine.start()
        self._grabber.start()
        if self._agent is not None:
            self._agent.start()
        self._publisher.start()
        self._exchange.start()
        self._backup_keeper.start()
        self._stick_copies.start()
        served()
        self._board.start()
        self._vitals.start()
        self._heartbeat.start()
        self._spare_memory.start()

    def stop(self) -> None:
        """What comes in stops before what keeps it; a part that fails to stop does not keep the others from it."""
        with ExitStack() as last_to_first:
            last_to_first.callback(logging.getLogger().removeHandler, self._logs)
            last_to_first.callback(self._data_dir.close)
            last_to_first.callback(self._storage.close)
            if self._warming_up.ident is not None:
                last_to_first.callback(self._warming_up.join)
                last_to_first.callback(self._storage.older_seals.stop)
            last_to_first.callback(self._backup_keeper.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._stick_copies.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._publisher.stop, _STOP_TIMEOUT_S)
            if self._agent is not None:
                last_to_first.callback(self._agent.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._exchange.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._hub.stop)
            if self._web is not None:
                last_to_first.callback(self._web.stop)
            last_to_first.callback(self._certificate.stop)
            last_to_first.callback(self._guided.stop)
            last_to_first.callback(self._await_engine)
            last_to_first.callback(self._grabber.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._slot.close)
            last_to_first.callback(self._vitals.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._heartbeat.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._board.stop, _STOP_TIMEOUT_S)
            last_to_first.callback(self._spare_memory.stop, _STOP_TIMEOUT_S)
        _log.info("stopped")

    def _warm_up(self) -> None:
        self._storage.patients.warm_up()
        self._storage.older_seals.run()

    def _newest_frame(self) -> Frame | None:
        latest = self._engine.latest
        return latest.frame if latest is not None and self._grabber.state.phase is CameraPhase.LIVE else None

    def _await_engine(self) -> None:
        if not self._engine.join(_STOP_TIMEOUT_S):
            _log.error("the engine has not come back for %.0f s; its thread is left behind", _STOP_TIMEOUT_S)
