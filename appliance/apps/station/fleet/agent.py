"""The box's agent of the fleet: what it tells, what it takes, and the thread of its jobs."""

from collections.abc import Callable
from contextlib import ExitStack

from appliance.apps.config.remote_settings import KeptRemoteSettings
from appliance.apps.config.settings import LoadedSettings, Settings
from appliance.apps.files.signatures import PublicKeys, is_signed, read_public_keys
from appliance.apps.station.fleet.certificate_rotation import CertificateRotation
from appliance.apps.station.fleet.engine_update import EngineUpdate
from appliance.apps.station.fleet.job_kinds import job_kinds
from appliance.apps.station.fleet.job_stick import JobStick
from appliance.apps.station.fleet.log_lines import LogLines
from appliance.apps.station.fleet.system_slots import SlotPlaces, SystemSlots
from appliance.apps.station.fleet.system_update import FOLDER_NAME, SystemUpdate, looks_of
from appliance.apps.station.fleet.time_floor import TimeFloor
from appliance.apps.station.fleet.update_client import UpdateClient
from appliance.apps.station.fleet.wiping import ask_to_wipe
from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import StoreError, UpdateError
from appliance.fleet.agent import CompositeAgent
from appliance.fleet.alerts import AlertWatch
from appliance.fleet.audit_stream import AuditStream
from appliance.fleet.health_reports import HealthReports
from appliance.fleet.job_book import JobBook
from appliance.fleet.job_conversation import JobConversation
from appliance.fleet.job_runner import JobRunner
from appliance.fleet.jobs import Job, SignedJob, signed_bytes
from appliance.fleet.shadow_keeper import ShadowKeeper
from appliance.fleet.telemetry import Telemetry
from appliance.ports import Clock
from appliance.storage.open_storage import Storage
from appliance.transport.mqtt_publisher import MqttPublisher


class StationAgent:
    """Joined to the publisher's connection by `publisher.agent`; started and stopped with the station.

    Args:
        read_health: the box as it is now.
        is_exam_open: disruptive jobs wait while it is.
        restart: ends the station and starts it anew; returns at once.
        logs: what the job "collect-logs" tells.
        slots: of this box's system; by default where an image of ours has them.

    Raises:
        SettingsError: the file of job keys cannot be used.
        StoreError: a certificate that was being replaced cannot be put back.
    """

    def __init__(
        self,
        loaded: LoadedSettings,
        storage: Storage,
        publisher: MqttPublisher,
        read_health: Callable[[], Telemetry],
        is_exam_open: Callable[[], bool],
        restart: Callable[[], None],
        clock: Clock,
        logs: LogLines,
        slots: SystemSlots | None = None,
    ) -> None:
        settings, notes = loaded.settings, storage.fleet_notes
        mqtt, agent = settings.mqtt, settings.fleet
        topics = BoxTopics(mqtt.site, mqtt.box)
        keys = {} if agent.job_keys is None else read_public_keys(agent.job_keys)
        shadow = ShadowKeeper(topics, KeptRemoteSettings(loaded), notes, clock)

        def reconnect() -> None:
            publisher.stop()
            publisher.start()

        def wipe(job: Job) -> None:
            record = self.book.record(job.job_id)
            if record is None or job.parameters.get("confirm") != f"{mqtt.site}/{mqtt.box}":
                raise StoreError(f"the job does not confirm the wipe with {mqtt.site}/{mqtt.box}")
            ask_to_wipe(settings.station.data_dir, record, settings, clock.now_utc())

        rotation = CertificateRotation(mqtt, reconnect, lambda: publisher.status().is_connected)
        rotation.recover()
        source = UpdateSource(settings, storage, clock)
        engines = EngineUpdate(loaded, source.client, restart)
        slots = slots or SystemSlots(SlotPlaces(settings.station.data_dir / FOLDER_NAME))
        system = SystemUpdate(loaded, slots, source.client, looks_of(loaded))
        kinds = job_kinds(shadow, logs, rotation, storage.journal, wipe, restart, engines, system)
        steps = {name: tuple(kind.steps) for name, kind in kinds.items()}
        refuse = JobGate(mqtt.site, mqtt.box, keys)
        floor = TimeFloor(notes)
        self.book = JobBook(notes, publisher.boot_id, refuse.why_not, steps, lambda: max(clock.now_utc(), floor.now()))
        self._runner = JobRunner(self.book, kinds, is_exam_open)
        self._stick = None if agent.job_stick is None else JobStick(agent.job_stick, self.book)

        def changed() -> None:
            self._runner.wake()
            publisher.wake()

        self.book.on_change = changed
        reports = HealthReports(topics, read_health, agent.telemetry_interval_s, clock, AlertWatch())
        audit = AuditStream(topics, storage.journal, notes, clock)
        publisher.agent = CompositeAgent((reports, shadow, audit, JobConversation(topics, self.book, clock)))

    def start(self) -> None:
        """Begin to do jobs."""
        self._runner.start()
        if self._stick is not None:
            self._stick.start()

    def stop(self, timeout_s: float) -> None:
        """No further job; harmless before start."""
        with ExitStack() as ends:
            ends.callback(self._runner.stop, timeout_s)
            if self._stick is not None:
                ends.callback(self._stick.stop, timeout_s)


class UpdateSource:
    """Where this box takes releases from."""

    def __init__(self, settings: Settings, storage: Storage, clock: Clock) -> None:
        self._agent, self._clock = settings.fleet, clock
        self._folder = settings.station.data_dir / "release-metadata"
        self._floor = TimeFloor(storage.fleet_notes)

    def client(self, address: str | None) -> UpdateClient:
        """Of that address; None: of the one in the settings. Raises UpdateError where no update is taken."""
        base = address or self._agent.update_url
        if self._agent.update_root is None or base is None:
            raise UpdateError("this box takes no updates: fleet.update_root and fleet.update_url are not set")
        if not base.startswith(("https://", "file:///")):
            raise UpdateError(f"the release is at {base!r}", "Use https://... or file:///...")
        try:
            root = self._agent.update_root.read_bytes()
        except OSError as error:
            raise UpdateError(f"cannot read {self._agent.update_root}: {error.strerror}") from error
        return UpdateClient(root, self._folder, base, self._clock.now_utc, self._floor.now, self._floor.raise_to)


class JobGate:
    """Whose jobs this box does: for itself alone, and signed by a key that it knows."""

    def __init__(self, site: str, box: str, keys: PublicKeys) -> None:
        self._site, self._box, self._keys = site, box, keys

    def why_not(self, signed: SignedJob) -> str:
        """Why a job must not run here; empty where it may."""
        if (signed.site, signed.box) != (self._site, self._box):
            return f"the job is for {signed.site}/{signed.box}, this is {self._site}/{self._box}"
        if not self._keys:
            return "this box does no jobs: fleet.job_keys is not set"
        content = signed_bytes(signed.site, signed.box, signed.job)
        if not is_signed(self._keys, signed.key_id, signed.signature, content):
            return f"the job is not signed by a key of this box's fleet (its key is {signed.key_id})"
        return ""
