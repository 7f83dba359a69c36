"""One simulated box: the device's own store, outbox, publisher and agent."""

import random
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.apps.config.engine_bundle import EngineBundles
from appliance.apps.config.load_settings import load_settings
from appliance.apps.fleet_simulator.characters import Character, SimulatedTrouble
from appliance.apps.fleet_simulator.health import SimulatedHealth
from appliance.apps.fleet_simulator.nailfolds import Engine
from appliance.apps.fleet_simulator.simulated_exams import SimulatedExams
from appliance.apps.station.fleet.agent import StationAgent
from appliance.apps.station.fleet.log_lines import LogLines
from appliance.apps.station.fleet.wiping import wipe_if_asked
from appliance.apps.system_clock import SystemClock
from appliance.domain.analysis_result import EngineIdentity
from appliance.exam.message import BoxAddress
from appliance.storage.open_storage import open_storage
from appliance.transport.mqtt_publisher import MqttPublisher

DRIFT_AFTER = 0.6
"""Of the time that history tells, so long the drifting boxes are as they were validated."""


class SimulatedBox:
    """What `nailfold run` makes of a site's file, less camera, networks and pages. Usable with `with`.

    Everything that it says to the fleet, and everything that it does for it, is the device's own code. Jobs included: a
    restart makes it anew under a new boot id, a wipe empties its folder.

    Args:
        folder: of this box alone.
        flags: settings of the broker and the agent, "table.key" to value.
    """

    def __init__(
        self,
        character: Character,
        folder: Path,
        flags: Mapping[str, Any],
        identity: EngineIdentity,
        images: int,
    ) -> None:
        self.character, self._folder, self._identity, self._images = character, folder, identity, images
        self._flags = {
            "station.data_dir": folder,
            "storage.reserve_mb": 0,
            "storage.receipt_timeout_s": 60.0,
            "mqtt.enabled": True,
            "mqtt.site": character.clinic.site,
            "mqtt.box": character.box,
            "fleet.enabled": True,
            **flags,
        }
        self._chance = random.Random(character.number)
        self._clock = SystemClock()
        self._restarting = threading.Event()
        self._logs = LogLines()
        self._ends = ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / f"{folder.name}.toml").touch()

    def tell_history(self, exams: int, days: float) -> None:
        """Finish so many exams as if they had been in the last days, oldest first; before the first `start`."""
        now_utc = self._clock.now_utc()
        with self._storage.journal.transaction("tell the exams of before"):
            for number in range(exams):
                share = (number + self._chance.random()) / exams
                is_drifting = self.character.trouble is SimulatedTrouble.WIDTHS_DRIFT and share > DRIFT_AFTER
                began_utc = now_utc - timedelta(days=days * (1 - share), hours=1)
                self._examining.examine(Engine(self._identity, float(is_drifting)), began_utc)

    def examine(self) -> None:
        """One exam that ended just now."""
        if self.character.trouble is SimulatedTrouble.CAMERA_FAILED:
            return
        drift = float(self.character.trouble is SimulatedTrouble.WIDTHS_DRIFT)
        began_utc: datetime = self._clock.now_utc() - timedelta(minutes=30)
        self._examining.examine(Engine(self._identity, drift), began_utc)
        self._publisher.wake()

    def start(self) -> None:
        """Connect, and do what the fleet asks."""
        self._agent.start()
        self._ends.callback(self._agent.stop, 1.0)
        self._publisher.start()
        self._ends.callback(self._publisher.stop)

    def restart_if_asked(self) -> bool:
        """Whether a job had asked for it; it ends and starts as after a new start of the station."""
        if not self._restarting.is_set():
            return False
        self._restarting.clear()
        self.close()
        self.open()
        self.start()
        return True

    def open(self) -> None:
        """Its store, as at a start of the station. Raises StoreError and SettingsError."""
        EngineBundles(self._folder).count_start()
        loaded = load_settings(self._folder.parent / f"{self._folder.name}.toml", self._flags)
        settings, clock = loaded.settings, self._clock
        wipe_if_asked(settings, "simulated", clock.now_utc())
        self._storage = storage = self._ends.enter_context(open_storage(settings.storage, clock.now_utc))
        self._publisher = MqttPublisher(
            settings.mqtt, storage.outbox, self._identity, clock, self._chance, storage.journal.state
        )
        health = SimulatedHealth(
            self.character.trouble, self._publisher.boot_id, self._identity, storage.outbox.status, clock, self._chance
        )
        self._agent = StationAgent(
            loaded, storage, self._publisher, health.read, lambda: False, self._restarting.set, clock, self._logs
        )
        address = BoxAddress(settings.mqtt.site, settings.mqtt.box)
        self._examining = SimulatedExams(storage, address, self._chance, self._images)

    @property
    def has_data(self) -> bool:
        """Whether an earlier start left anything; before `open`."""
        return any(self._folder.iterdir())

    @property
    def is_connected(self) -> bool:
        return self._publisher.status().is_connected

    def close(self) -> None:
        """Leave the broker in good order; calling it twice is harmless."""
        self._ends.close()

    def __enter__(self) -> "SimulatedBox":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
