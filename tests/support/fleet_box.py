"""A box with its agent, whose camera, engine and exam are the test's."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from appliance.apps.config.engine_bundle import EngineBundles
from appliance.apps.config.load_settings import load_settings
from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.station.engine_loop import EngineHealth
from appliance.apps.station.fleet.agent import StationAgent
from appliance.apps.station.fleet.box_health import BoxHealth
from appliance.apps.station.fleet.log_lines import LogLines
from appliance.apps.station.fleet.system_slots import SystemSlots
from appliance.apps.station.fleet.wiping import wipe_if_asked
from appliance.apps.system_clock import SystemClock
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.fleet.jobs import SignedJob
from appliance.storage.open_storage import open_storage
from appliance.transport.mqtt_publisher import MqttPublisher
from tests.support.exam_harness import BOX, SITE
from tests.support.exam_parts import IDENTITY

WHOSE = (SITE, BOX)


class FleetBox:
    """What `nailfold run` makes of a site's file, without camera, engines and pages. Usable with `with`.

    A second FleetBox on the same folder, after the first has ended, is the next start of the same box.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        fleet: dict[str, Any] | None = None,
        slots: SystemSlots | None = None,
        **mqtt: Any,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        keys = folder.parent / "job-keys"
        keys.mkdir(exist_ok=True)
        if not (keys / "jobs.key").exists():
            make_signing_key(keys / "jobs.key", keys / "jobs.pub")
        self.maker = JobMaker(keys / "jobs.key")
        self.stick = folder.parent / "stick"
        flags = {
            "station.data_dir": folder,
            "mqtt.enabled": True,
            "mqtt.host": "127.0.0.1",
            "mqtt.port": port,
            "mqtt.site": SITE,
            "mqtt.box": BOX,
            "mqtt.tls": False,
            "mqtt.keepalive_s": 5,
            "mqtt.reconnect_first_s": 0.1,
            "mqtt.reconnect_longest_s": 0.3,
            "mqtt.will_delay_s": 0,
            "storage.reserve_mb": 0,
            "fleet.enabled": True,
            "fleet.telemetry_interval_s": 0.2,
            "fleet.job_keys": keys / "jobs.pub",
            "fleet.job_stick": self.stick,
        }
        empty = folder.parent / "site.toml"
        empty.touch()
        given = {**flags, **{f"mqtt.{name}": value for name, value in mqtt.items()}}
        given |= {f"fleet.{name}": value for name, value in (fleet or {}).items()}
        bundles = EngineBundles(folder)
        bundles.count_start()
        self.settings = load_settings(empty, given)
        clock = SystemClock()
        wipe_if_asked(self.settings.settings, "boot", clock.now_utc())
        self.storage = open_storage(self.settings.settings.storage, clock.now_utc)
        self.publisher = MqttPublisher(
            self.settings.settings.mqtt, self.storage.outbox, IDENTITY, clock, journal_state=self.storage.journal.state
        )
        self.phase, self.is_exam_open = CameraPhase.LIVE, False
        self.restarting = threading.Event()
        health = BoxHealth(
            self.publisher.boot_id,
            IDENTITY,
            folder,
            lambda: CameraState(self.phase, None, "", 1, 0, 30.0),
            lambda: EngineHealth(100, latency_ms=41.0),
            self.storage.outbox.status,
            clock,
        )
        self.agent = StationAgent(
            self.settings,
            self.storage,
            self.publisher,
            health.read,
            lambda: self.is_exam_open,
            self.restarting.set,
            clock,
            LogLines(),
            slots,
        )

    def job(self, kind: str, parameters: dict[str, Any] | None = None, **more: Any) -> SignedJob:
        """A signed job for this box."""
        return self.maker.make(WHOSE, kind, parameters or {}, SystemClock().now_utc(), **more)

    def __enter__(self) -> "FleetBox":
        self.agent.start()
        self.publisher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.publisher.stop()
        self.agent.stop(5.0)
        self.storage.close()
