"""Connections that send or read slowly, from people who are not logged in, against the real server."""

import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support.page_station import PageStation
from webui.settings import WebSettings

_QUICK = WebSettings(
    port=0, connections_per_address=60, head_timeout_s=1.0, body_timeout_s=1.0, send_timeout_s=1.0, first_delay_s=0.4
)
_SLOW_ADDRESS, _OTHER_SLOW_ADDRESS, _READER_ADDRESS = "127.0.0.2", "127.0.0.3", "127.0.0.4"
_BODY_THAT_NEVER_COMES = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\nname="
)
_UPLOAD_THAT_NEVER_COMES = b"POST /api/v1/archives HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n\r\nPK"
_HEAD_THAT_NEVER_ENDS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@pytest.fixture
def station() -> PageStation:
    return PageStation(_QUICK)


@pytest.fixture
def served(station: PageStation) -> Iterator[PageStation]:
    with station:
        yield station


@pytest.fixture
def attack(served: PageStation) -> Iterator[Callable[..., list[socket.socket]]]:
    """Opens connections from an address and sends the same on each; refused ones are among them."""
    place = urlsplit(served.url)
    with ExitStack() as connections:

        def open_many(count: int, said: bytes, address: str = _SLOW_ADDRESS) -> list[socket.socket]:
            opened = []
            for _ in range(count):
                one = connections.enter_context(socket.socket())
                one.settimeout(5)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what is not read fills it at once
                one.bind((address, 0))
                try:
                    one.connect((place.hostname, place.port))
                    one.sendall(said)
                except OSError:
                    continue  # no place for this address
                opened.append(one)
            return opened

        yield open_many


def seconds_for(url: str) -> float:
    """The best of three: a computer that does other things too must not decide."""
    took_s = []
    for _ in range(3):
        began_s = time.monotonic()
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
        took_s.append(time.monotonic() - began_s)
    return min(took_s)


def ends_within(connection: socket.socket, patience_s: float) -> bool:
    """Whether the other side ends the connection, whatever it says before."""
    connection.settimeout(patience_s)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@pytest.mark.parametrize("said", [_BODY_THAT_NEVER_COMES, _HEAD_THAT_NEVER_ENDS, _UPLOAD_THAT_NEVER_COMES])
def test_forty_slow_senders_without_a_login_stop_no_page(
    served: PageStation, attack: Callable[..., list[socket.socket]], said: bytes
) -> None:
    attack(40, said)

    assert seconds_for(f"{served.url}/login") < 1.0
    assert seconds_for(f"{served.url}/health/alive") < 1.0


def test_readers_that_do_not_read_stop_no_page_and_are_let_go(
    served: PageStation, attack: Callable[..., list[socket.socket]]
) -> None:
    # The same page asked for often enough to fill every buffer on the way, and never read.
    readers = attack(16, b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 40)

    assert seconds_for(f"{served.url}/login") < 1.0
    time.sleep(4.0)

    assert all(ends_within(reader, 5.0) for reader in readers)


@pytest.mark.parametrize("said", [_BODY_THAT_NEVER_COMES, _HEAD_THAT_NEVER_ENDS, b""])
def test_who_sends_nothing_more_is_let_go(
    served: PageStation, attack: Callable[..., list[socket.socket]], said: bytes
) -> None:
    assert all(ends_within(connection, 6.0) for connection in attack(5, said))


def test_a_head_that_drips_for_ever_ends(served: PageStation, attack: Callable[..., list[socket.socket]]) -> None:
    [dripping] = attack(1, _HEAD_THAT_NEVER_ENDS)
    ended_s, began_s = 0.0, time.monotonic()
    while not ended_s and time.monotonic() - began_s < 8.0:
        try:
            dripping.sendall(b"x")
        except OSError:
            ended_s = time.monotonic() - began_s
        time.sleep(0.2)

    assert 0.0 < ended_s < 5.0


def test_200_connections_of_one_address_leave_places_for_others(
    served: PageStation, attack: Callable[..., list[socket.socket]]
) -> None:
    attack(200, _BODY_THAT_NEVER_COMES)
    attack(40, _BODY_THAT_NEVER_COMES, _OTHER_SLOW_ADDRESS)

    assert seconds_for(f"{served.url}/login") < 1.0


def test_a_place_is_free_again_when_its_connection_has_ended(
    served: PageStation, attack: Callable[..., list[socket.socket]]
) -> None:
    for connection in attack(80, b"", _READER_ADDRESS):
        connection.close()
    time.sleep(0.5)

    [again] = attack(1, b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", _READER_ADDRESS)
    assert again.recv(12) == b"HTTP/1.1 200"


def test_the_live_picture_goes_on_under_slow_connections(
    served: PageStation,
    client: FlaskClient,
    attack: Callable[..., list[socket.socket]],
    take_picture: Callable[[], None],
) -> None:
    session = client.get_cookie("nailfold_session")
    assert session is not None
    headers = {"Cookie": f"nailfold_session={session.value}"}
    address = served.url.replace("http", "ws") + "/live/ws"
    attack(60, _BODY_THAT_NEVER_COMES)
    with connect(address, origin=Origin(served.url), additional_headers=headers, proxy=None) as page:
        page.recv(timeout=5)  # the station's state: from now on this page is shown every picture
        waits_s = []
        for _ in range(10):
            began_s = time.monotonic()
            take_picture()
            while isinstance(page.recv(timeout=5), str):
                assert time.monotonic() - began_s < 5, "no picture came"
            waits_s.append(time.monotonic() - began_s)
            page.send('{"type":"ack"}')

    assert sorted(waits_s)[-2] < 0.5


def test_an_upload_is_read_while_it_arrives(served: PageStation, client: FlaskClient) -> None:
    """1.5 MB, more than is taken into memory: it reaches the page, which says that it is no archive."""
    session = client.get_cookie("nailfold_session")
    assert session is not None
    request = urllib.request.Request(
        f"{served.url}/api/v1/archives",
        data=b"x" * 1_500_000,
        headers={
            "Cookie": f"nailfold_session={session.value}",
            "X-CSRFToken": str(client.environ_base["HTTP_X_CSRFTOKEN"]),
            "Content-Type": "application/octet-stream",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert b"upload_id" in answer.read()


def test_uploads_that_come_drop_by_drop_hold_no_place_of_others(
    served: PageStation, client: FlaskClient, attack: Callable[..., list[socket.socket]]
) -> None:
    """Tablets at the edge of the Wi-Fi: never silent for long, and their pictures would take days."""
    session = client.get_cookie("nailfold_session")
    assert session is not None
    token = str(client.environ_base["HTTP_X_CSRFTOKEN"])
    cookie = f"nailfold_session={session.value}"
    said = {"Host": "127.0.0.1", "Cookie": cookie, "X-CSRFToken": token, "Content-Type": "application/octet-stream"}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**said, "Content-Length": "90000000"}.items())
    slow = attack(8, f"POST /api/v1/archives HTTP/1.1\r\n{head}\r\n".encode())
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(0.05):
            for one in slow:
                with suppress(OSError):
                    one.sendall(b"PK")

    dripping = threading.Thread(target=drip)
    dripping.start()
    request = urllib.request.Request(f"{served.url}/api/v1/archives", data=b"x" * 1_500_000, headers=said)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert b"upload_id" in answer.read()
    finally:
        is_over.set()
        dripping.join()


def test_a_form_without_a_length_that_is_too_large_is_refused(
    served: PageStation, attack: Callable[..., list[socket.socket]]
) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    [sender] = attack(1, head + b"10000\r\n" + b"x" * 65536 + b"\r\n")
    with suppress(OSError):
        for _ in range(40):
            sender.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    assert sender.recv(12) == b"HTTP/1.1 413"
