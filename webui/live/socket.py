"""The live view's WebSocket: pictures down, acknowledgements and clock pings up."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any

from flask import Flask

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import StoreError
from appliance.exam.live import LiveHub
from appliance.exam.live_subscription import Subscription
from webui.auth.browser_login import login_holds, stored_login
from webui.auth.host_names import HOSTS, is_same_origin

_log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REFUSED, _TRY_AGAIN = 4403, 1013
# How long a picture may still reach a browser whose login was ended elsewhere.
_LOGIN_CHECKED_EVERY_S = 5.0
# Pictures under way to one page. Two keep the line busy while one is drawn; more would only make them older.
_MOST_UNACKNOWLEDGED = 2


class LiveSocket:
    """One page's connection.

    A page acknowledges each picture as it arrives ({"type":"ack"}); without that nothing more is sent, so a slow page
    gets fewer pictures instead of older ones. {"type":"ping","sent_ms":t} is answered with the station's monotonic
    clock, by which the page computes the age of what it draws.
    """

    def __init__(self, app: Flask, hub: LiveHub) -> None:
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            await self._serve(scope, _Line(receive, send))
        except _BrowserGoneError as gone:
            _log.debug("a browser left the live view: %r", gone.__cause__)

    async def _serve(self, scope: Mapping[str, Any], line: "_Line") -> None:
        await line.receive()
        headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}
        login = stored_login(self._app, headers.get("cookie", ""))
        host = headers.get("host", "")
        is_own_page = self._app.extensions[HOSTS].knows(host) and is_same_origin(headers.get("origin", ""), host)
        # Accept first: before that a browser learns nothing but "failed" and would retry for ever.
        await line.send({"type": "websocket.accept"})
        try:
            # In a thread: the database may be busy, and every other browser's pictures pass through this one.
            is_let_in = is_own_page and await asyncio.to_thread(login_holds, self._app, login)
        except StoreError as error:
            _log.warning("live view put off, the login could not be checked: %s", error)
            await line.send({"type": "websocket.close", "code": _TRY_AGAIN})
            return
        if not is_let_in:
            _log.warning("live view refused: nobody is logged in, or a page of another origin")
            await line.send({"type": "websocket.close", "code": _REFUSED})
            return
        await _Conversation(self._hub, line, lambda: login_holds(self._app, login)).run()


class _BrowserGoneError(Exception):
    """Nothing more reaches this browser."""


class _Line:
    """The server's two calls for one connection. Whatever either of them raises means that the connection is over.

    ASGI asks servers for an OSError there; uvicorn and websockets have raised InvalidState, ConnectionClosed and
    RuntimeError as well, depending on how far the goodbye had come.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        try:
            return await self._receive()
        except Exception as error:
            raise _BrowserGoneError from error

    async def send(self, message: Message) -> None:
        try:
            await self._send(message)
        except Exception as error:
            raise _BrowserGoneError from error


class _Conversation:
    """Pictures and states down, answers up, and a watch over the login: three tasks that end together."""

    def __init__(self, hub: LiveHub, line: _Line, is_logged_in: Callable[[], bool]) -> None:
        self._hub = hub
        self._line = line
        self._is_logged_in = is_logged_in
        self._something_to_do = asyncio.Event()
        self._unacknowledged = 0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            # The loop may close between a picture and the end of the subscription.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._something_to_do.set)

        subscription = self._hub.subscribe(wake)
        try:
            await _until_one_ends(self._show(subscription), self._listen(), self._watch_login())
        finally:
            subscription.close()

    async def _show(self, subscription: Subscription) -> None:
        while True:
            await self._something_to_do.wait()
            self._something_to_do.clear()
            if (status := subscription.take_status()) is not None:
                await self._line.send({"type": "websocket.send", "text": status})
            if self._unacknowledged < _MOST_UNACKNOWLEDGED and (picture := subscription.take_picture()):
                self._unacknowledged += 1
                await self._line.send({"type": "websocket.send", "bytes": picture})

    async def _watch_login(self) -> None:
        """Ends the conversation soon after the login has ended: by logging out, a new password, disabling, its age."""
        try:
            while await asyncio.to_thread(self._is_logged_in):
                await asyncio.sleep(_LOGIN_CHECKED_EVERY_S)
        except StoreError as error:
            _log.warning("a live view is ended, its login could not be checked: %s", error)
            return
        await self._line.send({"type": "websocket.close", "code": _REFUSED})

    async def _listen(self) -> None:
        while True:
            message = await self._line.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not await self._answer(message.get("text") or ""):
                await self._line.send({"type": "websocket.close", "code": 1008})
                return

    async def _answer(self, text: str) -> bool:
        """False where the page does not keep to the protocol."""
        try:
            said = bounded_loads(text)
            kind = said["type"]
        except (ValueError, TypeError, KeyError):
            return False
        if kind == "ack":
            self._unacknowledged = max(0, self._unacknowledged - 1)
            self._something_to_do.set()
        elif kind == "ping":
            pong = {"type": "pong", "sent_ms": said.get("sent_ms"), "station_monotonic_s": time.monotonic()}
            await self._line.send({"type": "websocket.send", "text": json.dumps(pong)})
        return kind in ("ack", "ping")


async def _until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them until one ends, however it ends; then end the others. Raises what one raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, _BrowserGoneError):
            raise outcome
