"""The box's network as `ports.Network`: asks nailfold-network, which alone may change it (docs/box.md)."""

import json
import socket
from pathlib import Path
from typing import Any

from appliance.domain.box_network import BoxNetwork, KnownNetwork, NetworkLink, TriedNetwork, WifiNetwork
from appliance.domain.errors import NetworkError
from appliance.ports import Journal

SOCKET = Path("/run/nailfold-network/network.sock")
CHANGED = "box.network"
_LONGEST_NAME = 32
_WITHIN_S = 10.0
_LARGEST_ANSWER = 1 << 20


class NetworkClient:
    """One question a connection.

    Args:
        journal: of the box. A wish is noted before it is passed on: a kill in between leaves an entry too many, never
            one too few.
        path: of the service's socket; its folder is there where the box has that service.
    """

    def __init__(self, journal: Journal, path: Path = SOCKET) -> None:
        self._journal, self._path = journal, path

    @property
    def is_there(self) -> bool:
        """Whether this computer leaves its network to us."""
        return self._path.parent.is_dir()

    def look(self) -> BoxNetwork:
        """Raises NetworkError."""
        return self._ask(ask="look")

    def search(self) -> BoxNetwork:
        """Raises NetworkError."""
        return self._ask(ask="search")

    def join(self, ssid: str, security: str, password: str, actor: str, *, is_hidden: bool) -> BoxNetwork:
        """Raises NetworkError, with a word (`ports.Network`)."""
        self._journal.append(actor, "box", CHANGED, {"joining": _name_of(ssid)})
        return self._ask(ask="join", ssid=ssid, security=security, password=password, is_hidden=is_hidden)

    def forget(self, identity: str, actor: str) -> BoxNetwork:
        """Raises NetworkError."""
        box = self.look()
        names = [one.name for one in box.known if one.identity == identity]
        if not names:
            return box
        self._journal.append(actor, "box", CHANGED, {"forgotten": names[0]})
        return self._ask(ask="forget", identity=identity)

    def _ask(self, **fields: object) -> BoxNetwork:
        try:
            with socket.socket(socket.AF_UNIX) as line, line.makefile("rb") as answers:
                line.settimeout(_WITHIN_S)
                line.connect(str(self._path))
                line.sendall(json.dumps(fields).encode() + b"\n")
                answer = json.loads(answers.readline(_LARGEST_ANSWER))
            if "refused" in answer:
                raise NetworkError(answer["refused"])
            return _network_of(answer["status"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NetworkError("no_answer", f"{type(error).__name__}: {error}") from error


def _name_of(ssid: str) -> str:
    try:
        return bytes.fromhex(ssid).decode("utf-8", "replace")[:_LONGEST_NAME]
    except ValueError as error:
        raise NetworkError("not_understood") from error


def _network_of(told: dict[str, Any]) -> BoxNetwork:
    tried = told["tried"]
    return BoxNetwork(
        links=tuple(
            NetworkLink(link["kind"], link["is_online"], tuple(link["addresses"]), link["identity"])
            for link in told["links"]
        ),
        networks=tuple(
            WifiNetwork(one["ssid"], one["name"], one["signal"], one["security"]) for one in told["networks"]
        ),
        known=tuple(KnownNetwork(one["identity"], one["name"]) for one in told["known"]),
        trying=told["trying"],
        tried=None if tried is None else TriedNetwork(tried["name"], tried["word"], tried["said"]),
        is_open=told["is_open"],
        why_not_open=told["why_not_open"],
    )
