"""uvicorn's HTTP, which waits for nobody for ever."""

import asyncio
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from webui.settings import WebSettings

_LOOKED_AFTER_EVERY_S = 1.0
REFUSAL_HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
    (b"connection", b"close"),
)
"""Of every answer that comes from no page of ours."""


class PatientHttp(H11Protocol):
    """Ends connections that hold the server up. uvicorn 0.54 itself only ends those that are idle after an answer.

    A request's head has to be whole within `head_timeout_s`, whatever drips; what follows an answer that came early (a
    refused upload) as well. Somebody who takes nothing of what was sent for `send_timeout_s` is let go: without that
    the bytes, the file handle and the place of the address are held for as long as the other side likes.
    """

    head_timeout_s = WebSettings.head_timeout_s
    send_timeout_s = WebSettings.send_timeout_s

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since_s: float | None = time.monotonic()
        self._unsent, self._unsent_since_s = 0, 0.0
        self._look = self.loop.call_later(_LOOKED_AFTER_EVERY_S, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        self._look.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """The WebSocket has rules of its own: acknowledgements and pings."""
        self._look.cancel()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """The base class says why, and none of the headers that keep a browser from making something of it."""
        said = h11.Response(status_code=400, headers=list(REFUSAL_HEADERS), reason=b"Bad Request")
        for event in (said, h11.Data(data=msg.encode("ascii")), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def _look_after(self) -> None:
        if self._keeps_waiting(time.monotonic()) or self._takes_nothing(time.monotonic()):
            self.transport.abort()
            return
        self._look = self.loop.call_later(_LOOKED_AFTER_EVERY_S, self._look_after)

    def _keeps_waiting(self, now_s: float) -> bool:
        """For the head of a request, or for the rest of one that was answered already."""
        is_answered = self.cycle is None or self.cycle.response_complete
        if not (is_answered and self.conn.their_state in (h11.IDLE, h11.SEND_BODY)):
            self._waiting_since_s = None
            return False
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s
        return now_s - self._waiting_since_s > self.head_timeout_s

    def _takes_nothing(self, now_s: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since_s = unsent, now_s
        return unsent > 0 and now_s - self._unsent_since_s > self.send_timeout_s


def patient_http(settings: WebSettings) -> Any:
    """The protocol with the site's own patience."""
    patience = {"head_timeout_s": settings.head_timeout_s, "send_timeout_s": settings.send_timeout_s}
    return type("SitesHttp", (PatientHttp,), patience)
