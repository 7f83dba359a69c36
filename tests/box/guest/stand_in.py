#!/usr/bin/python3
"""In the place of `nailfold` where the system around it is tried: ready at once, pages that answer, durable files.

`/health/ready` and `/health/alive` answer; a POST to /keep/NAME answers once the name is on the disk; /kept lists them.
A POST to /stick/NAME writes it onto the stick for backups, /stick lists what is there; /chain is what systemd says
of the start.
"""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

KEPT = Path("/var/lib/nailfold/kept")
STICK = Path("/media/backup")
CHAIN = ("systemd-analyze", "critical-chain", "--no-pager", "nailfold-station.service")


def notify(state: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), os.environ["NOTIFY_SOCKET"])


def keep(folder: Path, name: str) -> None:
    """A file that no power cut takes away once this has returned."""
    fresh = folder / f".{name}"
    with fresh.open("w") as file:
        file.write(name * 1000)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(folder / name)
    # What is above a stick is read-only.
    for place in (folder, folder.parent) if folder is KEPT else (folder,):
        line = os.open(place, os.O_RDONLY)
        os.fsync(line)
        os.close(line)


def whole(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("[!.]*") if path.read_text() == path.name * 1000)


def told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


class Pages(http.server.BaseHTTPRequestHandler):
    """No login: it is no box for patients."""

    def do_GET(self) -> None:
        match self.path:
            case "/stick":
                self._answer({"is_there": STICK.is_mount(), "kept": whole(STICK)})
            case "/chain":
                self._answer({"chain": told(*CHAIN), "time": told("systemd-analyze", "time")})
            case _:
                self._answer({"is_ready": True, "kept": whole(KEPT)})

    def do_POST(self) -> None:
        folder = STICK if self.path.startswith("/stick/") else KEPT
        try:
            folder.mkdir(exist_ok=True)
            keep(folder, self.path.rpartition("/")[2])
        except OSError as error:
            self._answer({"is_kept": False, "why": str(error)})
        else:
            self._answer({"is_kept": True})

    def log_message(self, *_: object) -> None:
        """Nothing in the journal."""

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    if sys.argv[1:2] == ["run"]:
        server = http.server.ThreadingHTTPServer(("", 8080), Pages)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    notify("READY=1\nSTATUS=http://nailfold:8080")
    while True:
        time.sleep(5)
        notify("WATCHDOG=1")


if __name__ == "__main__":
    main()
