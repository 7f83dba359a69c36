#!/usr/bin/python3
"""In the place of `nailfold` where the system around it is tried: ready at once, pages that answer, durable files.

`/health/ready` and `/health/alive` answer; a POST to /keep/NAME answers once the name is on the disk; /kept lists them.
"""

import http.server
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

KEPT = Path("/var/lib/nailfold/kept")


def notify(state: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), os.environ["NOTIFY_SOCKET"])


def keep(name: str) -> None:
    """A file that no power cut takes away once this has returned."""
    KEPT.mkdir(exist_ok=True)
    fresh = KEPT / f".{name}"
    with fresh.open("w") as file:
        file.write(name * 1000)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(KEPT / name)
    for folder in (KEPT, KEPT.parent):
        line = os.open(folder, os.O_RDONLY)
        os.fsync(line)
        os.close(line)


class Pages(http.server.BaseHTTPRequestHandler):
    """No login: it is no box for patients."""

    def do_GET(self) -> None:
        kept = sorted(path.name for path in KEPT.glob("[!.]*") if path.read_text() == path.name * 1000)
        self._answer({"is_ready": True, "kept": kept})

    def do_POST(self) -> None:
        keep(self.path.rpartition("/")[2])
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
