"""A test host whose connections send or read next to nothing, opened again as soon as they are ended.

python -m tests.chaos.slow_host ADDRESS PORT CONNECTIONS SECONDS
"""

import selectors
import socket
import sys
import time
from contextlib import suppress
from itertools import cycle

_BODY_THAT_NEVER_COMES = (
    b"POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\nname="
)
_HEAD_THAT_NEVER_ENDS = b"GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: "
_ANSWERS_THAT_NOBODY_READS = b"GET /login HTTP/1.1\r\nHost: {host}\r\n\r\n" * 40
_KINDS = cycle((_BODY_THAT_NEVER_COMES, _HEAD_THAT_NEVER_ENDS, b"", _ANSWERS_THAT_NOBODY_READS))


def hold(host: str, port: int, connections: int, seconds: float) -> tuple[int, int]:
    """How many connections were opened, and how many were refused or ended by the other side."""
    opened = ended = 0
    held: list[socket.socket] = []
    until_s = time.monotonic() + seconds
    with selectors.DefaultSelector() as watched:
        while time.monotonic() < until_s:
            # A room of tablets that lost their Wi-Fi comes back within two seconds, not at once.
            for _ in range(min(connections - len(held), max(1, connections // 20))):
                one = _open(host, port)
                opened += 1
                held.append(one)
                watched.register(one, selectors.EVENT_READ)
            for key, _ in watched.select(timeout=0):
                one = key.fileobj  # type: ignore[assignment]
                if _is_over(one):
                    watched.unregister(one)
                    held.remove(one)
                    one.close()
                    ended += 1
            time.sleep(0.1)
    for one in held:
        one.close()
    return opened, ended


def _open(host: str, port: int) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.settimeout(2)
    with suppress(OSError):
        one.connect((host, port))
        one.sendall(next(_KINDS).replace(b"{host}", host.encode()))
    return one


def _is_over(one: socket.socket) -> bool:
    """Whether the other side has ended it; what it says is left unread."""
    one.setblocking(False)
    try:
        return one.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


if __name__ == "__main__":
    print(*hold(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
