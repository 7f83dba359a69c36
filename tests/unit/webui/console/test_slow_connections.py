"""Connections that send nothing more and hosts that are none, from people without a login, against the console."""

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance.apps.fleet_server.console import Console, ConsoleServer
from appliance.apps.fleet_server.database import FleetDatabase
from webui.settings import WebSettings

_FORM_THAT_NEVER_COMES = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nname="


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    database = FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3")
    settings = WebSettings(port=0, head_timeout_s=1.0, body_timeout_s=1.0)
    with Console(tmp_path / "console", database) as console, ConsoleServer(console, settings) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        yield server.url
        server.stop()
        thread.join()
    database.close()


def said_to(url: str, words: bytes) -> socket.socket:
    place = urlsplit(url)
    connection = socket.create_connection((place.hostname, place.port or 0), 10)
    connection.sendall(words)
    return connection


@pytest.mark.parametrize("said", [_FORM_THAT_NEVER_COMES, b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_forty_slow_senders_stop_no_page_and_are_let_go(url: str, said: bytes) -> None:
    with ExitStack() as connections:
        slow = [connections.enter_context(said_to(url, said)) for _ in range(40)]
        began_s = time.monotonic()
        with urllib.request.urlopen(f"{url}/login", timeout=10) as answer:
            assert answer.status == 200
        took_s = time.monotonic() - began_s
        for one in slow:
            while one.recv(65536):
                pass
    assert took_s < 5.0


def test_a_host_header_that_names_no_host_is_refused_in_words(url: str) -> None:
    with said_to(url, b"GET /login HTTP/1.1\r\nHost: localhost..\r\n\r\n") as browser:
        assert browser.recv(12) == b"HTTP/1.1 400"
