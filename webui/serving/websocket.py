"""uvicorn's WebSocket, for browsers that leave at any moment."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState


class QuietWebSocket(WebSocketsSansIOProtocol):
    """Ends quietly in two states that uvicorn 0.54 does not foresee."""

    def shutdown(self) -> None:
        """The server stops. A browser that has said goodbye while a picture is still under way to it is "closing";
        uvicorn says goodbye to it too, which websockets refuses, and the exception would end the server's thread."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()

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
