"""How the station asks: one JSON object in a line on a local socket, one in answer (docs/box.md).

    {"ask": "look"}                                            how things stand
    {"ask": "search"}                                          for networks, anew
    {"ask": "join", "ssid": HEX, "security": "wpa-psk", "password": TEXT, "is_hidden": false}
    {"ask": "forget", "identity": UUID}

Every answer is {"status": ...}, or {"refused": WORD} with a word of texts.json.
"""

import json
import socketserver
import threading
from functools import partial
from pathlib import Path
from typing import Any

from caretaker import Caretaker, Status
from wifi import Security, Wish, WrongWish, name_of

_LONGEST_LINE = 4096
_TIMEOUT_S = 10.0


def document_of(status: Status) -> dict[str, Any]:
    """Status as it travels."""
    tried = status.tried
    return {
        "links": [
            {"device": link.device, "kind": link.kind, "is_online": link.is_online, "addresses": list(link.addresses)}
            | {"identity": link.identity}
            for link in status.links
        ],
        "networks": [
            {"ssid": one.ssid.hex(), "name": one.name, "signal": one.signal, "security": one.security.value}
            for one in status.networks
        ],
        "known": [{"identity": identity, "ssid": ssid.hex(), "name": name_of(ssid)} for identity, ssid in status.known],
        "trying": None if status.trying is None else name_of(status.trying),
        "tried": None if tried is None else {"name": name_of(tried.ssid), "word": tried.word, "said": tried.said},
        "is_open": status.is_open,
        "why_not_open": status.why_not_open,
    }


def answer(caretaker: Caretaker, line: bytes) -> dict[str, Any]:
    """To one line. Never raises for what a line holds."""
    try:
        asked = json.loads(line)
        match asked:
            case {"ask": "look"}:
                pass
            case {"ask": "search"}:
                caretaker.look_around()
            case {"ask": "join", "ssid": str(ssid), "security": str(kind), "password": str(password), **rest}:
                wish = Wish(bytes.fromhex(ssid), Security(kind), password, rest.get("is_hidden") is True)
                caretaker.join(wish)
            case {"ask": "forget", "identity": str(identity)}:
                caretaker.forget(identity)
            case _:
                return {"refused": "not_understood"}
    except WrongWish as wrong:
        return {"refused": str(wrong)}
    except (ValueError, RecursionError):
        return {"refused": "not_understood"}
    return {"status": document_of(caretaker.status)}


class NetworkSocket:
    """Answers until the process ends."""

    def __init__(self, path: Path, caretaker: Caretaker) -> None:
        path.unlink(missing_ok=True)
        self._server = _Server(str(path), partial(_Line, caretaker))
        # The folder lets the station's group in, and nobody else.
        path.chmod(0o660)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="socket", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class _Line(socketserver.StreamRequestHandler):
    timeout = _TIMEOUT_S

    def __init__(self, caretaker: Caretaker, *rest: Any) -> None:
        self._caretaker = caretaker
        super().__init__(*rest)

    def handle(self) -> None:
        try:
            line = self.rfile.readline(_LONGEST_LINE)
            self.wfile.write(json.dumps(answer(self._caretaker, line)).encode() + b"\n")
        except OSError:
            return  # who asked has gone
