"""uvicorn's WebSocket, for browsers that leave at any moment."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

# Below the server's own patience, which ends with an error in the log.
_GOODBYE_S = 0.5


class QuietWebSocket(WebSocketsSansIOProtocol):
    """Ends quietly in states that uvicorn 0.54 does not foresee."""

    def shutdown(self) -> None:
        """The server stops. A browser that has said goodbye while a picture is still under way to it is "closing";
        uvicorn says goodbye to it too, which websockets refuses, and the exception would end the server's thread.
        One that reads nothing more would keep the server from stopping."""
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
