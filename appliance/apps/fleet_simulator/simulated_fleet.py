"""Many simulated boxes in one process."""

import importlib.metadata
import resource
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.files.identity import make_request, write_key
from appliance.apps.fleet_server.authority import Authority
from appliance.apps.fleet_simulator.box import SimulatedBox
from appliance.apps.fleet_simulator.characters import Character
from appliance.apps.station.fleet.engine_update import validated_weights
from appliance.apps.system_clock import SystemClock
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.errors import SettingsError
from appliance.inference.manifest import read_manifest
from webui.settings import LOOPBACK

_TICK_S = 1.0
_CLOSERS = 32


@dataclass(frozen=True)
class SimulatedBroker:
    """Where simulated boxes connect.

    Attributes:
        authority: signs a certificate for each; None: without TLS, to this computer alone.

    Raises:
        SettingsError: without TLS over a network.
    """

    host: str
    port: int
    authority: Path | None = None

    def __post_init__(self) -> None:
        if self.authority is None and self.host not in LOOPBACK:
            raise SettingsError(
                f"simulated boxes would connect to {self.host} without TLS", "Name the authority with --authority."
            )

    def flags(self, name: str, folder: Path) -> dict[str, object]:
        """The settings table `mqtt` of one box, whose key and certificate are made where they are not there yet."""
        where: dict[str, object] = {"mqtt.host": self.host, "mqtt.port": self.port}
        if self.authority is None:
            return {**where, "mqtt.tls": False}
        key, certificate = folder / "box.key", folder / "box.crt"
        if not certificate.exists():
            folder.mkdir(parents=True, exist_ok=True)
            made = ec.generate_private_key(ec.SECP256R1())
            write_key(key, made)
            signed = Authority(self.authority).sign(make_request(made, name), SystemClock().now_utc())
            write_atomically(certificate, signed)
        return {
            **where,
            "mqtt.tls": True,
            "mqtt.ca_file": self.authority / "ca.crt",
            "mqtt.client_certificate_file": certificate,
            "mqtt.client_key_file": key,
        }


@dataclass(frozen=True)
class Pace:
    """How much simulated boxes tell.

    Attributes:
        exams_an_hour: of each box; 0: none.
        history, history_days: so many exams of each box in so many days before the start.
        images: of an exam, 1 to 16.
    """

    exams_an_hour: float = 6.0
    telemetry_interval_s: float = 60.0
    history: int = 0
    history_days: float = 60.0
    images: int = 8


class SimulatedFleet:
    """Boxes that are opened, started and moved on by one thread; each has its own publisher. Usable with `with`.

    Args:
        folder: below it one folder a box, which lasts until the next start.
        more: further settings of every box, "table.key" to value.
    """

    def __init__(
        self,
        characters: tuple[Character, ...],
        folder: Path,
        broker: SimulatedBroker,
        pace: Pace,
        more: Mapping[str, object] | None = None,
    ) -> None:
        _allow_files(len(characters))
        self._pace, self._ends, self._turn = pace, ExitStack(), -1
        identity = _identity()
        common = {"fleet.telemetry_interval_s": pace.telemetry_interval_s, **(more or {})}
        self.boxes = [
            SimulatedBox(
                one,
                folder / one.name.replace("/", "-") / "data",
                {**broker.flags(one.name, folder / one.name.replace("/", "-")), **common},
                identity,
                pace.images,
            )
            for one in characters
        ]

    def run(self, stopping: threading.Event, started: Callable[[int], None]) -> None:
        """Until `stopping` is set.

        Args:
            started: called with the number of boxes once all are told to connect.
        """
        for box in self.boxes:
            if stopping.is_set():
                return
            box.start()
        started(len(self.boxes))
        done = 0.0
        while not stopping.wait(_TICK_S):
            done += self._pace.exams_an_hour * len(self.boxes) * _TICK_S / 3600
            while done >= 1 and not stopping.is_set():
                done -= 1
                self._next().examine()
            for box in self.boxes:
                box.restart_if_asked()

    def _next(self) -> SimulatedBox:
        """The box whose turn it is to examine."""
        self._turn = (self._turn + 1) % len(self.boxes)
        return self.boxes[self._turn]

    def __enter__(self) -> "SimulatedFleet":
        for box in self.boxes:
            is_new = not box.has_data
            self._ends.enter_context(box)
            if is_new:
                box.tell_history(self._pace.history, self._pace.history_days)
        return self

    def __exit__(self, *_: object) -> None:
        # Each waits for its broker's last answer: all together.
        with ThreadPoolExecutor(_CLOSERS) as closers:
            list(closers.map(SimulatedBox.close, self.boxes))
        self._ends.close()


def _identity() -> EngineIdentity:
    """Of the networks and the software that are installed here."""
    engines = read_manifest(validated_weights()).engines
    version = importlib.metadata.version("nailfold-appliance")
    return EngineIdentity(version, "simulated", {role: f"sha256:{one.sha256}" for role, one in engines.items()})


def _allow_files(boxes: int) -> None:
    """A box holds about ten files and sockets open; 1024 is the usual limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 200 + 20 * boxes
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
