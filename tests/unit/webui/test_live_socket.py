"""The live WebSocket through the real server."""

import json
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from appliance.domain.errors import SettingsError
from appliance.exam.live_message import decode_live_message
from tests.support.page_station import PageStation
from webui.app import create_app
from webui.serving.server import serve
from webui.settings import WebSettings

Connect = Callable[..., ClientConnection]


PATIENCE_S = 30
"""Far above what anything here takes, on a computer that is busy with other tests."""


@pytest.fixture
def served(station: PageStation) -> Iterator[PageStation]:
    with station:
        yield station


@pytest.fixture
def watch(served: PageStation, client: FlaskClient) -> Iterator[Connect]:
    """Opens the WebSocket as an unlocked page does; `origin` and `cookie` may be those of another."""
    session = client.get_cookie("nailfold_session")
    assert session is not None
    with ExitStack() as connections:

        def open_socket(
            origin: str = served.url, cookie: str = f"nailfold_session={session.value}"
        ) -> ClientConnection:
            address = served.url.replace("http", "ws") + "/live/ws"
            return connections.enter_context(
                connect(address, origin=Origin(origin), additional_headers={"Cookie": cookie}, proxy=None)
            )

        yield open_socket


def next_picture(page: ClientConnection) -> int:
    while True:
        message = page.recv(timeout=PATIENCE_S)
        if isinstance(message, bytes):
            return int(decode_live_message(message)[0]["seq"])


def next_text(page: ClientConnection, kind: str) -> dict[str, object]:
    while True:
        message = page.recv(timeout=PATIENCE_S)
        if isinstance(message, str) and (said := json.loads(message))["type"] == kind:
            return dict(said)


def comes_another_picture(page: ClientConnection) -> bool:
    try:
        while isinstance(page.recv(timeout=0.3), str):
            pass
    except TimeoutError:
        return False
    return True


def read_until_closed(page: ClientConnection) -> None:
    """Fails with TimeoutError if the other side keeps the connection."""
    with suppress(ConnectionClosed):
        while page.recv(timeout=PATIENCE_S):
            pass


def wait_for_listeners(station: PageStation, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while station.hub.listeners != count:
        assert time.monotonic() < deadline, f"{station.hub.listeners} listeners instead of {count}"
        time.sleep(0.01)


def test_unlocked_page_gets_pictures_with_their_results(
    served: PageStation, watch: Connect, take_picture: Callable[[], None]
) -> None:
    page = watch()
    wait_for_listeners(served, 1)
    take_picture()
    assert next_picture(page) == 1


def test_page_that_acknowledges_nothing_gets_two_pictures_and_then_the_newest(
    served: PageStation, watch: Connect, take_picture: Callable[[], None]
) -> None:
    page = watch()
    wait_for_listeners(served, 1)
    for seq in (1, 2):
        take_picture()
        assert next_picture(page) == seq
    for seq in range(3, 8):
        take_picture()
        deadline = time.monotonic() + PATIENCE_S
        while served.hub.frames_encoded < seq:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    assert not comes_another_picture(page), "a third picture came without an acknowledgement"
    page.send('{"type":"ack"}')
    assert next_picture(page) == 7


def test_ping_is_answered_with_the_stations_clock(watch: Connect) -> None:
    page = watch()
    before_s = time.monotonic()
    page.send(json.dumps({"type": "ping", "sent_ms": 123.5}))
    pong = next_text(page, "pong")
    assert pong["sent_ms"] == 123.5
    assert before_s <= float(str(pong["station_monotonic_s"])) <= time.monotonic()


@pytest.mark.parametrize(
    ("origin", "cookie"),
    [
        ("https://evil.example", None),
        ("", None),
        (None, ""),
        (None, "nailfold_session=forged"),
        (None, "nailfold_session=eyJpc191bmxvY2tlZCI6dHJ1ZX0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"),
    ],
)
def test_foreign_page_and_locked_browser_get_nothing(
    served: PageStation, watch: Connect, take_picture: Callable[[], None], origin: str | None, cookie: str | None
) -> None:
    options = {name: value for name, value in (("origin", origin), ("cookie", cookie)) if value is not None}
    page = watch(**options)
    take_picture()
    with pytest.raises(ConnectionClosed) as closed:
        page.recv(timeout=PATIENCE_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    assert served.hub.listeners == 0


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"type":"shutdown"}', "null", '"ack"'])
def test_nonsense_ends_that_connection_alone(served: PageStation, watch: Connect, nonsense: str) -> None:
    bad, good = watch(), watch()
    wait_for_listeners(served, 2)
    bad.send(nonsense)
    read_until_closed(bad)
    wait_for_listeners(served, 1)
    good.send('{"type":"ping","sent_ms":1}')
    assert next_text(good, "pong")


class TestOfARareState:
    """Only what changes is told within an hour."""

    @pytest.fixture
    def station(self) -> PageStation:
        return PageStation(WebSettings(port=0, status_interval_s=3600))

    def test_state_comes_at_once_when_the_cable_is_pulled(
        self, served: PageStation, watch: Connect, take_picture: Callable[[], None]
    ) -> None:
        take_picture()
        page = watch()
        while next_text(page, "status")["camera"]["phase"] != "live":  # type: ignore[index]
            pass
        served.unplug("The cable is out")
        while (status := next_text(page, "status"))["camera"]["phase"] != "lost":  # type: ignore[index]
            pass
        assert status["camera"]["reason"] == "The cable is out"  # type: ignore[index]


def test_state_comes_once_a_second_even_when_nothing_changes(watch: Connect) -> None:
    page = watch()
    next_text(page, "status")
    began_s = time.monotonic()
    next_text(page, "status")
    next_text(page, "status")
    assert time.monotonic() - began_s < PATIENCE_S / 2


def test_page_that_goes_away_is_forgotten(served: PageStation, watch: Connect) -> None:
    page = watch()
    wait_for_listeners(served, 1)
    page.close()
    wait_for_listeners(served, 0)


def test_other_websockets_do_not_exist(served: PageStation) -> None:
    with (
        pytest.raises(Exception, match=r"HTTP 403|ConnectionClosed|no close frame"),
        connect(served.url.replace("http", "ws") + "/other", proxy=None) as page,
    ):
        page.recv(timeout=2)


def test_pages_are_served_over_https_with_the_sites_certificate(station: PageStation, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=box", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *names]
    subprocess.run(command, check=True, capture_output=True)
    settings = WebSettings(port=0, tls_certificate=certificate, tls_key=key)
    server = serve(create_app(station.services, settings), station.services, settings)
    try:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with urllib.request.urlopen(f"{server.url}/login", context=trusting) as answer:
            assert answer.status == 200
            assert "Secure" in answer.headers["Set-Cookie"]
    finally:
        server.stop()


def test_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="tls_certificate is set and tls_key is not"):
        WebSettings(tls_certificate=tmp_path / "certificate.pem")


def test_taken_port_is_told_in_words(station: PageStation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = WebSettings(port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match=r"cannot listen on 127\.0\.0\.1"):
            serve(station.app, station.services, settings)


def test_stopping_ends_open_connections(station: PageStation, client: FlaskClient) -> None:
    session = client.get_cookie("nailfold_session")
    assert session is not None
    with ExitStack() as running, ExitStack() as connections:
        running.enter_context(station)
        page = connections.enter_context(
            connect(
                station.url.replace("http", "ws") + "/live/ws",
                origin=Origin(station.url),
                additional_headers={"Cookie": f"nailfold_session={session.value}"},
                proxy=None,
            )
        )
        wait_for_listeners(station, 1)
        began_s = time.monotonic()
        running.close()
        assert time.monotonic() - began_s < PATIENCE_S / 2
        read_until_closed(page)
