"""WebSocket connections of programs that keep to no rules, against the real server."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.support.page_station import PageStation
from webui.auth.browser_login import stored_login
from webui.settings import WebSettings

Open = Callable[..., socket.socket]
_CONTINUATION, _TEXT, _PING = 0x0, 0x1, 0x9
_PATIENCE_S = 30.0


@pytest.fixture
def station() -> PageStation:
    return PageStation(WebSettings(port=0, head_timeout_s=1.0, body_timeout_s=1.0, send_timeout_s=1.0))


@pytest.fixture
def open_socket(station: PageStation, client: FlaskClient) -> Iterator[Open]:
    """Sends the head of a handshake with the cookie of somebody who is logged in, and further lines of a head."""
    session = client.get_cookie("nailfold_session")
    assert session is not None
    with station, ExitStack() as connections:
        place = urlsplit(station.url)

        def connect(*lines: str) -> socket.socket:
            one = connections.enter_context(socket.socket())
            one.settimeout(_PATIENCE_S)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what is not read fills it at once
            one.connect((place.hostname, place.port))
            head = [
                "GET /live/ws HTTP/1.1",
                f"Host: {place.netloc}",
                f"Origin: {station.url}",
                f"Cookie: nailfold_session={session.value}",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                *lines,
            ]
            one.sendall("\r\n".join([*head, "", ""]).encode("latin1"))
            return one

        yield connect


def let_in(connection: socket.socket) -> socket.socket:
    """The handshake is over: what is sent now are frames."""
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection


def frame(opcode: int, content: bytes = b"", is_last: bool = True) -> bytes:
    """Masked with zeros; up to 125 bytes."""
    return struct.pack("!BBI", is_last << 7 | opcode, 0x80 | len(content), 0) + content


def seconds_until_the_end(connection: socket.socket) -> float:
    """TimeoutError where the other side does not end it."""
    began_s = time.monotonic()
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began_s


def bytes_until_the_end(connection: socket.socket, again: bytes) -> int:
    """How much of it the other side took, sent again and again; TimeoutError where it does not end the connection."""
    began_s, taken = time.monotonic(), 0
    while time.monotonic() - began_s < _PATIENCE_S:
        try:
            taken += connection.send(again)
        except ConnectionError:
            return taken
    raise TimeoutError


@pytest.mark.parametrize(
    "line", ["Content-Length: 5", "Transfer-Encoding: chunked", "X-Long: " + "x" * 9000, "\r\n".join(["X: y"] * 200)]
)
def test_a_handshake_that_websockets_cannot_read_holds_no_place(
    station: PageStation, open_socket: Open, line: str
) -> None:
    assert seconds_until_the_end(open_socket(line)) < _PATIENCE_S / 2
    assert station.server is not None

    station.server.stop()  # which once ended in an AssertionError while such a connection stood


def test_a_stop_ends_handshakes_that_are_half_way(station: PageStation, open_socket: Open) -> None:
    half_way = open_socket("Content-Length: 5")
    assert station.server is not None

    station.server.stop()

    assert seconds_until_the_end(half_way) < _PATIENCE_S / 2


def test_pings_of_somebody_who_reads_no_answers_fill_no_memory(open_socket: Open) -> None:
    sender = let_in(open_socket())

    assert bytes_until_the_end(sender, frame(_PING, b"x" * 125) * 500) < 200_000_000


def test_a_message_in_endless_empty_pieces_ends_the_connection(open_socket: Open) -> None:
    sender = let_in(open_socket())
    sender.sendall(frame(_TEXT, is_last=False) + frame(_CONTINUATION, is_last=False) * 100)

    assert seconds_until_the_end(sender) < _PATIENCE_S / 2


def test_somebody_who_is_told_goodbye_and_reads_nothing_is_let_go(station: PageStation, open_socket: Open) -> None:
    reader = let_in(open_socket())
    reader.sendall(frame(_TEXT, b"{"))
    time.sleep(3.0)

    assert station.hub.listeners == 0
    assert seconds_until_the_end(reader) < _PATIENCE_S / 2


@pytest.mark.parametrize(
    "value", ['"' + "\\\\" * 30_000 + '"', '"' + '\\"' * 30_000 + '"', "=" * 60_000, "a; b=" * 12_000]
)
def test_a_strangers_cookie_of_backslashes_holds_up_no_live_picture(station: PageStation, value: str) -> None:
    """A handshake is read on the event loop, which carries everybody's pictures (CVE-2024-7592)."""
    began_s = time.process_time()
    assert stored_login(station.app, f"nailfold_session={value}") is None
    assert time.process_time() - began_s < 0.5
