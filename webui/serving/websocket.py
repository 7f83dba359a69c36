"""uvicorn's WebSocket, for browsers that leave at any moment and for those that mean no good."""

import asyncio
import time
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame

from webui.settings import WebSettings

# Below the server's own patience, which ends with an error in the log.
_GOODBYE_S = 0.5
_LOOKED_AFTER_EVERY_S = 1.0
# A page sends whole messages; frames without content would pass any limit of bytes.
_MOST_FRAGMENTS = 16
# Far above the two pictures that may be under way to a page.
_MOST_UNREAD_BYTES = 16 * 1024 * 1024
_NOT_A_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class QuietWebSocket(WebSocketsSansIOProtocol):
    """Ends quietly in states that uvicorn 0.54 does not foresee, and in time in those in which it waits for ever.

    - A handshake that websockets cannot read (it announces a body, a line is too long) is answered, and ended.
    - One that does not come to an end within `head_timeout_s` is ended, as is a connection that was closed here and
      whose other side does not take the last bytes within `send_timeout_s`.
    - Pings of somebody who reads no answers, and messages in endless pieces, fill no memory.
    """

    head_timeout_s = WebSettings.head_timeout_s
    send_timeout_s = WebSettings.send_timeout_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._began_s, self._closing_since_s = time.monotonic(), 0.0
        self._look = self.loop.call_later(_LOOKED_AFTER_EVERY_S, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(_NOT_A_HANDSHAKE)
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < _MOST_FRAGMENTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(CloseCode.POLICY_VIOLATION, "a message in too many pieces")
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            self.transport.abort()

    def shutdown(self) -> None:
        """The server stops. A browser that has said goodbye while a picture is still under way to it is "closing";
        uvicorn says goodbye to it too, which websockets refuses, and the exception would end the server's thread.
        One that reads nothing more would keep the server from stopping."""
        if not self.handshake_complete:
            self.transport.abort()
            return
        try:
            super().shutdown()
        except InvalidState:
            self.transport.abort()
        else:
            self.loop.call_later(_GOODBYE_S, self.transport.abort)

    async def send(self, message: ASGISendEvent) -> None:
        """Raises ClientDisconnected, an OSError, for a browser that is gone; as ASGI asks for."""
        try:
            await super().send(message)
        except InvalidState as error:
            raise ClientDisconnected from error
        if message["type"] == "websocket.accept" and not self.handshake_complete:
            # It left before it was let in. There is nobody to send an error to, and nothing to log.
            self.handshake_complete = True
            raise ClientDisconnected

    def _look_after(self) -> None:
        now_s = time.monotonic()
        if not self.transport.is_closing():
            self._closing_since_s = now_s
        is_late = not self.handshake_complete and now_s - self._began_s > self.head_timeout_s
        if is_late or now_s - self._closing_since_s > self.send_timeout_s:
            self.transport.abort()
            return
        self._look = self.loop.call_later(_LOOKED_AFTER_EVERY_S, self._look_after)


def quiet_websocket(settings: WebSettings) -> Any:
    """The protocol with the site's own patience."""
    patience = {"head_timeout_s": settings.head_timeout_s, "send_timeout_s": settings.send_timeout_s}
    return type("SitesWebSocket", (QuietWebSocket,), patience)
