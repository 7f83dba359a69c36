"""A browser may leave at any moment: its connection ends whole and quietly, and the station goes on."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from uvicorn.protocols.utils import ClientDisconnected
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidState
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from appliance.domain.errors import StoreError
from tests.support.exam_parts import shown_frame
from tests.support.page_station import PageStation
from webui.live.socket import LiveSocket

Message = dict[str, Any]
GONE = (
    ClientDisconnected(),
    BrokenPipeError("broken pipe"),
    ConnectionResetError("reset by peer"),
    InvalidState("connection is closing"),
    ConnectionClosedOK(None, None),
    ConnectionClosedError(None, None),
    RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'."),
    RuntimeError("unable to perform operation on <TCPTransport closed>; the handler is closed"),
)


class Browser:
    """Opens the live view and leaves while so many messages have reached it; then sending raises `fault`.

    Args:
        says: that the server hears of its leaving as well.
    """

    def __init__(self, station: PageStation, client: FlaskClient, fault: Exception, after: int, says: bool) -> None:
        cookie = client.get_cookie("nailfold_session")
        assert cookie is not None
        headers = {"host": "localhost", "origin": "http://localhost", "cookie": f"nailfold_session={cookie.value}"}
        self.scope = {"type": "websocket", "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
        self._station, self._fault, self._after, self._says = station, fault, after, says
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._heard.put_nowait({"type": "websocket.connect"})
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return await self._heard.get()

    def say(self, text: str) -> None:
        self._heard.put_nowait({"type": "websocket.receive", "text": text})

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)
        if len(self.sent) == self._after:
            if self._says:
                self._heard.put_nowait({"type": "websocket.disconnect", "code": 1006})
            raise self._fault
        self.sent.append(message)

    async def look_on(self) -> None:
        """Fails if the connection does not end, or a task of it goes on."""
        others = asyncio.all_tasks()
        socket_app = LiveSocket(self._station.app, self._station.hub)
        await asyncio.wait_for(socket_app(self.scope, self.receive, self.send), 5)
        left = asyncio.all_tasks() - others
        assert not left, f"these go on without their connection: {left}"


@pytest.fixture
def shown(station: PageStation) -> Iterator[PageStation]:
    """A hub that encodes, with a state to tell."""
    station.hub.publish_status({"number": 1})
    with station.hub:
        yield station


def picture(station: PageStation) -> None:
    one = shown_frame(1, 1.0)
    station.hub.publish(one.frame, one.analysis)


@pytest.mark.parametrize("says", [True, False], ids=["heard", "unheard"])
def test_sending_to_a_browser_that_is_gone_ends_its_connection_quietly(
    shown: PageStation, client: FlaskClient, caplog: pytest.LogCaptureFixture, says: bool
) -> None:
    async def leave(fault: Exception, after: int) -> None:
        watching = asyncio.ensure_future(Browser(shown, client, fault, after, says).look_on())
        while not watching.done():
            picture(shown)
            await asyncio.sleep(0.005)
        await watching

    with caplog.at_level(logging.INFO):
        for fault in GONE:
            for after, reached in enumerate(("nothing", "that it was let in", "the state as well")):
                asyncio.run(leave(fault, after))
                assert shown.hub.listeners == 0, f"pictures go to nobody after {fault!r}, when {reached} had come"
                logged = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
                assert logged == [], f"after {fault!r}, when {reached} had come"


def test_answer_to_a_browser_that_is_gone_ends_its_connection_too(
    shown: PageStation, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def ping_and_leave() -> None:
        browser = Browser(shown, client, InvalidState("connection is closing"), 2, says=False)
        browser.say(json.dumps({"type": "ping", "sent_ms": 1}))
        await browser.look_on()

    asyncio.run(ping_and_leave())
    assert shown.hub.listeners == 0
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_whatever_a_browser_says_is_answered_or_ends_its_connection_without_an_error(
    shown: PageStation, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def say(text: str) -> None:
        browser = Browser(shown, client, ClientDisconnected(), 4, says=True)
        browser.say(text)
        watching = asyncio.ensure_future(browser.look_on())
        while not watching.done():
            picture(shown)
            browser.say('{"type":"ack"}')
            await asyncio.sleep(0.01)
        await watching

    for text in ("[" * 4000, '{"type":' * 600, '{"type":["ack"]}', '{"type":"ping","sent_ms":1e999}'):
        asyncio.run(say(text))
        assert shown.hub.listeners == 0
        assert [one for one in caplog.records if one.levelno >= logging.ERROR] == [], text[:20]


def test_fault_of_our_own_is_not_taken_for_a_browser_that_left(
    shown: PageStation, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError

    async def look_on() -> None:
        await Browser(shown, client, ClientDisconnected(), 99, says=True).look_on()

    holds = iter([True])
    monkeypatch.setattr("webui.live.socket.login_holds", lambda *_: next(holds, None) or fail())
    with pytest.raises(ZeroDivisionError):
        asyncio.run(look_on())
    assert shown.hub.listeners == 0


@pytest.mark.parametrize("holds_at_first", [True, False])
def test_login_that_cannot_be_checked_ends_the_connection_in_words(
    shown: PageStation,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    holds_at_first: bool,
) -> None:
    answers = iter([True] if holds_at_first else [])

    def check(*_: object) -> bool:
        for answer in answers:
            return answer
        raise StoreError("the exam database is in use")

    monkeypatch.setattr("webui.live.socket.login_holds", check)
    asyncio.run(Browser(shown, client, ClientDisconnected(), 99, says=True).look_on())
    assert shown.hub.listeners == 0
    assert "could not be checked" in caplog.text


@contextmanager
def faults_of_threads() -> Iterator[list[object]]:
    """What threads die of."""
    found: list[object] = []
    before, threading.excepthook = threading.excepthook, lambda fault: found.append(fault.exc_value)
    try:
        yield found
    finally:
        threading.excepthook = before


def open_slow_line(station: PageStation, client: FlaskClient) -> socket.socket:
    """A WebSocket whose browser reads nothing."""
    cookie = client.get_cookie("nailfold_session")
    assert cookie is not None
    port = int(station.url.rpartition(":")[2])
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.sendall(
        f"GET /live/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {station.url}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Cookie: nailfold_session={cookie.value}\r\n\r\n".encode()
    )
    return line


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 15
    while not is_true():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def show_large_picture(station: PageStation, line: socket.socket) -> None:
    """One of several megabytes, more than a line of the network holds; returns while it is under way."""
    noise = np.random.default_rng(1).integers(0, 255, (2400, 3200, 3), np.uint8)
    frame = station.next_frame(noise)
    analysis = shown_frame(frame.seq, frame.captured_monotonic_s).analysis
    station.hub.publish(frame, analysis)
    line.settimeout(15)
    read = 0
    while read < 100_000:
        read += len(line.recv(4096))


def test_browser_that_says_goodbye_while_a_picture_is_under_way_does_not_end_the_server(
    station: PageStation, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with faults_of_threads() as faults, station:
        line = open_slow_line(station, client)
        wait_until(lambda: station.hub.listeners == 1)
        show_large_picture(station, line)
        line.sendall(WebSocketFrame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        wait_until(lambda: station.hub.listeners == 0)
    line.close()
    assert faults == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_browser_that_reads_nothing_does_not_keep_the_server_from_stopping(
    station: PageStation, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with faults_of_threads() as faults, station:
        line = open_slow_line(station, client)
        wait_until(lambda: station.hub.listeners == 1)
        show_large_picture(station, line)
    line.close()
    assert station.hub.listeners == 0
    assert faults == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_browser_that_vanishes_while_a_picture_is_under_way_is_forgotten(
    station: PageStation, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with faults_of_threads() as faults, station:
        line = open_slow_line(station, client)
        wait_until(lambda: station.hub.listeners == 1)
        show_large_picture(station, line)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # reset, no goodbye
        line.close()
        wait_until(lambda: station.hub.listeners == 0)
    assert faults == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_pages_are_told_the_state_again_after_it_could_not_be_read_once(
    station: PageStation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    read = station.store.outbox.status
    fails = threading.Event()
    fails.set()

    def outbox() -> Any:
        if fails.is_set():
            raise StoreError("the exam database is in use")
        return read()

    object.__setattr__(station.services, "outbox", outbox)
    with station:
        listener = station.hub.subscribe()
        wait_until(lambda: "could not be read for the pages" in caplog.text)
        fails.clear()
        wait_until(lambda: listener.take_status() is not None)
    assert caplog.text.count("could not be read for the pages") == 1
