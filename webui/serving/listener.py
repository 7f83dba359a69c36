"""The listening socket: so many connections for each address, so many for all."""

import ipaddress
import socket
import threading
from typing import Any


class Places:
    """How many connections each address has open."""

    def __init__(self, for_each: int, for_all: int) -> None:
        self._for_each, self._for_all = for_each, for_all
        self._taken: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, address: str) -> bool:
        """Whether there was a place."""
        with self._lock:
            mine = self._taken.get(address, 0)
            if mine >= self._for_each or sum(self._taken.values()) >= self._for_all:
                return False
            self._taken[address] = mine + 1
            return True

    def give_back(self, address: str) -> None:
        """The connection is over."""
        with self._lock:
            left = self._taken.pop(address, 0) - 1
            if left > 0:
                self._taken[address] = left


class Listener(socket.socket):
    """Refuses an address that has too many connections open, before TLS and HTTP spend anything on it."""

    places: Places

    def accept(self) -> tuple[socket.socket, Any]:
        """A connection with a place. Raises ConnectionAbortedError where there is none; servers go on with the next."""
        connection, peer = super().accept()
        address = network_of(without_mapping(str(peer[0])))
        if not self.places.take(address):
            connection.close()
            raise ConnectionAbortedError
        placed = _Placed(connection.family, connection.type, connection.proto, fileno=connection.detach())
        placed.places, placed.address = self.places, address
        return placed, peer


class _Placed(socket.socket):
    """A connection that gives its place back when it is closed."""

    places: Places | None = None
    address = ""

    def getpeername(self) -> Any:
        """Of who connected: an IPv4 address as such, also where one socket serves both."""
        address, *rest = super().getpeername()
        return (without_mapping(address), *rest)

    def close(self) -> None:
        places, self.places = self.places, None
        if places is not None:
            places.give_back(self.address)
        super().close()


def without_mapping(address: str) -> str:
    """ "::ffff:192.168.1.4" is how a socket for both tells of 192.168.1.4."""
    try:
        mapped = ipaddress.IPv6Address(address.partition("%")[0]).ipv4_mapped
    except ValueError:
        return address
    return address if mapped is None else str(mapped)


def network_of(address: str) -> str:
    """An IPv4 address; of IPv6 the network, for each computer has 2**64 addresses in its own."""
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
