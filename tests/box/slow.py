"""`make test-slow`: the station on a processor that is ten times slower, up to its live picture.

    python -m tests.box.slow

QEMU emulates the processor for this one process (no machine, no AVX); every clock of the product is as it ships. Live
frames are taken over the WebSocket, and systemd's side of the line counts the watchdog's beats. Figures go into
build/reports/box.json. Needs qemu-user-static; takes minutes.
"""

import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPException
from pathlib import Path

from websockets.sync.client import connect
from websockets.typing import Origin

from appliance.exam.live_message import decode_live_message
from tests.box.guest.exam import Browser
from tests.box.services import await_so

REPOSITORY = Path(__file__).resolve().parents[2]
_EMULATOR = "qemu-x86_64-static"
_WITHIN_S, _FRAMES, _WATCHDOG_S = 1800.0, 2, 60.0
# int8 by name: the trial of a first start analyses twelve pictures before the first is shown.
_SITE = """
[station]
data_dir = "{folder}/data"
[web]
port = {port}
[firmware]
board = "none"
[inference]
precision = "int8"
engine_cache_dir = "{repository}/engines/weights"
[capture]
fps = 2.0
[live]
fps_window_s = 300.0
"""


class Systemd:
    """The far end of sd_notify: when READY and each WATCHDOG came."""

    def __init__(self, path: Path) -> None:
        self.heard: list[tuple[float, str]] = []
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(path))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            lines = self._line.recv(4096).decode().splitlines()
            self.heard += [(time.monotonic(), line) for line in lines]

    def times_of(self, start: str) -> list[float]:
        return [at_s for at_s, line in self.heard if line.startswith(start)]


def main() -> int:
    """Exit status 0 if live frames came and systemd was never left without a beat for longer than it waits."""
    if shutil.which(_EMULATOR) is None:
        sys.exit(f"{_EMULATOR} is missing; install: apt-get install qemu-user-static")
    with tempfile.TemporaryDirectory(prefix="nailfold-slow-") as folder:
        figures = run(Path(folder))
    print(json.dumps(figures, indent=2))
    report = REPOSITORY / "build/reports/box.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(report.read_text()) if report.exists() else {"schema": "nailfold.box/1"}
    report.write_text(json.dumps(known | {"slow_processor": figures}, indent=2) + "\n")
    return 0 if figures["longest_silence_s"] < _WATCHDOG_S else 1


def run(folder: Path) -> dict[str, float]:
    """Seconds since the process began, and of the watchdog."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site, log, url = folder / "site.toml", folder / "log", f"http://127.0.0.1:{port}"
    site.write_text(_SITE.format(folder=folder, port=port, repository=REPOSITORY))
    systemd = Systemd(folder / "notify")
    told = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": f"{_WATCHDOG_S * 1e6:.0f}"}
    command = [_EMULATOR, "-cpu", "Nehalem", sys.executable, "-m", "appliance.apps.cli", "run", "--config", site]
    began_s = time.monotonic()
    with log.open("w") as printed:
        station = subprocess.Popen(
            [str(word) for word in command],
            stdout=printed,
            stderr=printed,
            env={**os.environ, **told, "PYTHONPATH": str(REPOSITORY)},
        )
    try:
        await_so(lambda: bool(systemd.times_of("READY")) or station.poll() is not None, "a station", _WITHIN_S)
        browser = Browser(url)
        await_so(lambda: is_live(browser), "live picture", _WITHIN_S)
        live_s = time.monotonic() - began_s
        [words] = re.findall(r"two words (\S+)", log.read_text())
        browser.set_up(words)
        frame_s = [at_s - began_s for at_s in times_of_frames(url, browser.cookies)]
    finally:
        station.terminate()
        station.wait()
        print(log.read_text()[-3000:])
    beats_s = systemd.times_of("WATCHDOG")
    silence_s = max(after - before for before, after in itertools.pairwise(beats_s))
    figures = {
        "start_to_ready_s": systemd.times_of("READY")[0] - began_s,
        "start_to_live_s": live_s,
        "second_frame_seen_s": frame_s[-1],
        "watchdog_beats": len(beats_s),
        "longest_silence_s": silence_s,
    }
    return {name: round(value, 1) for name, value in figures.items()}


def is_live(browser: Browser) -> bool:
    """Whether a picture was analysed."""
    try:
        return bool(browser.json("/health/ready")["is_ready"])
    except (OSError, HTTPException):
        return False


def times_of_frames(url: str, cookies: str) -> list[float]:
    """When each of some pictures came, as a page gets them."""
    came_s: list[float] = []
    headers = {"Cookie": cookies}
    address = url.replace("http", "ws", 1) + "/live/ws"
    with connect(
        address, origin=Origin(url), additional_headers=headers, proxy=None, open_timeout=_WITHIN_S, ping_interval=None
    ) as page:
        while len(came_s) < _FRAMES:
            message = page.recv(timeout=_WITHIN_S)
            if isinstance(message, bytes):
                header, jpeg = decode_live_message(message)
                came_s.append(time.monotonic())
                found = len(header["image"]["capillaries"])
                print(f"frame {header['seq']}: {len(jpeg)} bytes of JPEG, {found} capillaries", flush=True)
                page.send('{"type":"ack"}')
    return came_s


if __name__ == "__main__":
    sys.exit(main())
