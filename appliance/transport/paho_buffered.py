"""paho's client with few calls of the system."""

from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

_MOST_BYTES = 65_536
_DISCONNECT = 0xE0


class BufferedClient(paho.Client):
    """Reads what the network has at once, and writes what has gathered at once.

    paho asks the system for the first byte of a packet, for each byte of its length and for the rest, and sends each
    packet by itself: six calls a result and its receipt, where one serves fifty. Nothing is sent before `loop_write`.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._came, self._came_at = b"", 0
        self._going = bytearray()
        self.on_socket_register_write = lambda *_: None  # paho's own way to keep it from sending by itself

    @property
    def has_unread(self) -> bool:
        """There are bytes at hand which the socket no longer shows."""
        return self._came_at < len(self._came)

    def want_write(self) -> bool:
        """Something is still to be sent."""
        return bool(self._going) or super().want_write()

    def loop_write(self) -> MQTTErrorCode:
        """Send what the network takes."""
        outcome = super().loop_write()
        if outcome is MQTTErrorCode.MQTT_ERR_SUCCESS:
            with suppress(BlockingIOError):
                self._flush()
        return outcome

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.has_unread:
            self._came, self._came_at = super()._sock_recv(_MOST_BYTES), 0
        piece = self._came[self._came_at : self._came_at + bufsize]
        self._came_at += len(piece)
        return piece

    def _sock_send(self, buf: bytes | bytearray) -> int:
        # The socket is closed behind a goodbye.
        if len(self._going) >= _MOST_BYTES or buf[0] == _DISCONNECT:
            self._flush()
        if buf[0] == _DISCONNECT:
            return super()._sock_send(buf)
        self._going += buf
        return len(buf)

    def _flush(self) -> None:
        """Raises BlockingIOError where the network does not take all of it."""
        while self._going:
            try:
                sent = super()._sock_send(self._going)
            except BlockingIOError:
                raise
            except OSError:
                # Reading finds the end, and before it why the broker ended it.
                sent = len(self._going)
            del self._going[:sent]
