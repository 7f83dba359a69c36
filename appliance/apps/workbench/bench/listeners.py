"""What a station spends on each browser more that watches."""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.client import connect

from appliance.apps.workbench.bench.browser import live_page
from appliance.apps.workbench.bench.station_process import StationProcess, cpu_seconds
from appliance.domain.errors import ExportError

SETTLE_S, MEASURED_S = 2.0, 5.0


@dataclass(frozen=True)
class ListenerCost:
    """A station with so many listeners.

    Attributes:
        listeners: one browser, the others connections that take and acknowledge every picture as it does.
        frames_per_s: sent to each of the others, or painted where the browser is alone.
        station_ms_per_frame: processor time of the whole station.
    """

    listeners: int
    frames_per_s: float
    station_ms_per_frame: float


def cost_of_listeners(flags: list[str], counts: Sequence[int], reporter: Callable[[str], None]) -> list[ListenerCost]:
    """One entry for each of `counts` and back again, on one station with the simulated scope. Raises ApplianceError."""
    with tempfile.TemporaryDirectory(prefix="nailfold-listeners-") as folder:
        site = Path(folder) / "site.toml"
        site.touch()
        base = ["--config", str(site), "--data-dir", folder, "--port", "0", "--source", "simulated:?fps=30"]
        with StationProcess([*base, *flags], 180.0) as station, live_page(station.url, station.access_code) as page:
            cookie = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
            watched = []
            for count in (*counts, *reversed(counts)):
                watched.append(_watched(station, page, cookie, count))
                reporter(str(watched[-1]))
    return watched


def each_more_ms(watched: Sequence[ListenerCost]) -> float:
    """Milliseconds a frame that a listener more costs: the slope of a line through all."""
    return float(np.polyfit([one.listeners for one in watched], [one.station_ms_per_frame for one in watched], 1)[0])


def _watched(station: StationProcess, page: Any, cookie: str, count: int) -> ListenerCost:
    with ExitStack() as open_ones:
        others = [open_ones.enter_context(_Listener(station.url, cookie)) for _ in range(count - 1)]
        time.sleep(SETTLE_S)
        before, cpu_s = _frames(page, others), cpu_seconds(station.pid)
        began_s = time.monotonic()
        time.sleep(MEASURED_S)
        frames, elapsed_s = _frames(page, others) - before, time.monotonic() - began_s
        cpu_s = cpu_seconds(station.pid) - cpu_s
    if frames <= 0:
        raise ExportError("a listener got no picture", f"See the station's log: {station.errors[-500:]}")
    return ListenerCost(count, frames / elapsed_s, 1000 * cpu_s / frames)


def _frames(page: Any, others: Sequence["_Listener"]) -> float:
    if not others:
        return float(page.evaluate("window.__nailfold.painted()"))
    return sum(one.frames for one in others) / len(others)


class _Listener:
    """A connection that takes and acknowledges every picture."""

    def __init__(self, url: str, cookie: str) -> None:
        headers = {"Cookie": cookie, "Origin": url}
        address = url.replace("http", "ws", 1) + "/live/ws"
        self._open_socket = ExitStack()
        self._socket = self._open_socket.enter_context(
            connect(address, additional_headers=headers, max_size=None, compression=None)
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self.frames = 0

    def __enter__(self) -> "_Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open_socket.close()
        self._thread.join(5)

    def _listen(self) -> None:
        for message in self._socket:
            if isinstance(message, bytes):
                self.frames += 1
                self._socket.send(json.dumps({"type": "ack"}))
