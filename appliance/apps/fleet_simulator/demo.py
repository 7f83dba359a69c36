"""A whole fleet on one computer: broker, ingest worker, console and simulated boxes."""

import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from appliance.apps.fleet_simulator.characters import characters
from appliance.apps.fleet_simulator.demo_files import ACCOUNT, DemoFiles, DemoPorts
from appliance.apps.fleet_simulator.processes import HOST, Processes, free_port
from appliance.apps.fleet_simulator.simulated_fleet import Pace, SimulatedBroker, SimulatedFleet
from appliance.domain.counted import counted
from appliance.domain.errors import SettingsError

_KEPT = "as at the first start; for a new one name another --folder"


class Demo:
    """Usable with `with`, which starts everything and, at the end, stops it in the reverse order.

    Args:
        folder: certificates, databases and boxes, kept until the next start.
        say: prints a line.

    Raises:
        SettingsError: Mosquitto is not installed, or something does not start; names its log.
    """

    def __init__(self, folder: Path, boxes: int, pace: Pace, ports: DemoPorts, say: Callable[[str], None]) -> None:
        self._say, self._pace = say, pace
        self._ports = DemoPorts(ports.broker or free_port(), ports.console or free_port())
        self._files = DemoFiles(folder.resolve(), self._ports)
        self._characters = characters(boxes)
        self._ends = ExitStack()
        self._crowd: SimulatedFleet | None = None

    def run(self, stopping: threading.Event) -> None:
        """The boxes, until `stopping` is set."""
        assert self._crowd is not None, "used outside of `with`"
        self._crowd.run(
            stopping,
            lambda count: self._say(f"{counted(count, 'box is', 'boxes are')} simulated. Ctrl-C ends everything."),
        )
        self._say("stopping: boxes, console, ingest, broker")

    def __enter__(self) -> "Demo":
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self) -> None:
        files, ports = self._files, self._ports
        processes = Processes(files.folder)
        self._ends.callback(processes.close)
        processes.run([_mosquitto(), "-c", str(files.broker_configuration())], "broker", ports.broker)
        settings = files.server_settings()
        password = files.prepare_console({one.clinic for one in self._characters})
        command = [sys.executable, "-m", "appliance.apps.cli", "fleet"]
        processes.run([*command, "ingest", "--config", str(settings)], "ingest")
        processes.run([*command, "console", "--config", str(settings)], "console", ports.console)
        self._say(f"console  http://{HOST}:{ports.console}")
        self._say(f"account  {ACCOUNT}   password  {password or _KEPT}")
        self._say(f"broker   mqtts://{HOST}:{ports.broker}   settings of the servers  {settings}")
        broker = SimulatedBroker(HOST, ports.broker, files.authority)
        more = {"fleet.job_keys": files.job_keys}
        self._crowd = self._ends.enter_context(
            SimulatedFleet(self._characters, files.folder / "boxes", broker, self._pace, more)
        )


def _mosquitto() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise SettingsError("Mosquitto is not installed", "Install it: apt-get install mosquitto.")
    return found
