"""The live view's WebSocket: pictures down, acknowledgements and clock pings up."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from flask import Flask

from appliance.domain.errors import StoreError
from appliance.exam.live import LiveHub
from webui.auth.browser_login import login_holds, stored_login
from webui.auth.security import is_same_origin

_log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REFUSED = 4403
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
        await receive()
        headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}
        login = stored_login(self._app, headers.get("cookie", ""))
        is_own_page = is_same_origin(headers.get("origin", ""), headers.get("host", ""))
        # Accept first: before that a browser learns nothing but "failed" and would retry for ever.
        await send({"type": "websocket.accept"})
        if not (is_own_page and login_holds(self._app, login)):
            _log.warning("live view refused: nobody is logged in, or a page of another origin")
            await send({"type": "websocket.close", "code": _REFUSED})
            return
        await _Conversation(self._hub, receive, send, lambda: login_holds(self._app, login)).run()


class _Conversation:
    def __init__(self, hub: LiveHub, receive: Receive, send: Send, is_logged_in: Callable[[], bool]) -> None:
        self._hub = hub
        self._is_logged_in = is_logged_in
        self._receive = receive
        self._send = send
        self._something_to_do = asyncio.Event()
        self._unacknowledged = 0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            # The loop may close between a picture and the end of the subscription.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._something_to_do.set)

        subscription = self._hub.subscribe(wake)
        listener = asyncio.create_task(self._listen())
        guard = asyncio.create_task(self._watch_login())
        for task in (listener, guard):
            task.add_done_callback(lambda _: self._something_to_do.set())
        try:
            while not (listener.done() or guard.done()):
                await self._something_to_do.wait()
                self._something_to_do.clear()
                if (status := subscription.take_status()) is not None:
                    await self._send({"type": "websocket.send", "text": status})
                if self._unacknowledged < _MOST_UNACKNOWLEDGED and (picture := subscription.take_picture()):
                    self._unacknowledged += 1
                    await self._send({"type": "websocket.send", "bytes": picture})
        except OSError:
            pass  # The page went away while something was sent to it.
        finally:
            subscription.close()
            for task in (listener, guard):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError, StoreError):
                    await task

    async def _watch_login(self) -> None:
        """Ends the conversation soon after the login has ended: by logging out, a new password, disabling, its age."""
        while await asyncio.to_thread(self._is_logged_in):
            await asyncio.sleep(_LOGIN_CHECKED_EVERY_S)
        await self._send({"type": "websocket.close", "code": _REFUSED})

    async def _listen(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            if not await self._answer(message.get("text") or ""):
                await self._send({"type": "websocket.close", "code": 1008})
                return

    async def _answer(self, text: str) -> bool:
        """False where the page does not keep to the protocol."""
        try:
            said = json.loads(text)
            kind = said["type"]
        except (ValueError, TypeError, KeyError):
            return False
        if kind == "ack":
            self._unacknowledged = max(0, self._unacknowledged - 1)
            self._something_to_do.set()
        elif kind == "ping":
            pong = {"type": "pong", "sent_ms": said.get("sent_ms"), "station_monotonic_s": time.monotonic()}
            await self._send({"type": "websocket.send", "text": json.dumps(pong)})
        return kind in ("ack", "ping")
