"""One connection between firmware and station: whole messages in, whole messages out."""

import contextlib
import socket
import threading
from typing import Generic

from pydantic import TypeAdapter

from firmware.protocol import LONGEST_LINE, Incoming, Message, ProtocolError, decode, encode

# Who takes no line for so long has stopped working; the other side must not wait for it.
_SEND_TIMEOUT_S = 1.0


class Connection(Generic[Incoming]):
    """Reads from one thread, sends from any. Both raise OSError once the connection is over.

    Args:
        line: a connected stream socket; it belongs to the connection from now on.
        expected: what the other side may say.
    """

    def __init__(self, line: socket.socket, expected: TypeAdapter[Incoming]) -> None:
        self._line = line
        self._expected = expected
        self._read = b""
        self._sending = threading.Lock()
        line.settimeout(_SEND_TIMEOUT_S)

    def send(self, message: Message) -> None:
        """Raises OSError, and closes, if the other side is gone or takes nothing."""
        line = encode(message)
        with self._sending:
            try:
                self._line.sendall(line)
            except OSError:
                self.close()
                raise

    def receive(self) -> Incoming:
        """Waits for the next message.

        Raises:
            OSError: the connection is over.
            ProtocolError: the line is too long or no message.
        """
        while b"\n" not in self._read:
            if len(self._read) >= LONGEST_LINE:
                raise _too_long()
            self._read += self._more()
        line, _, self._read = self._read.partition(b"\n")
        if len(line) >= LONGEST_LINE:
            raise _too_long()
        return decode(line, self._expected)

    def close(self) -> None:
        """End it, also for a thread that waits in `receive`; calling it twice is harmless."""
        with contextlib.suppress(OSError):  # it was over already
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()

    def _more(self) -> bytes:
        while True:
            try:
                read = self._line.recv(LONGEST_LINE)
            except TimeoutError:
                continue  # the time-out of a socket is for both directions; here it says nothing
            if not read:
                raise ConnectionResetError("the other side closed the connection")
            return read


def _too_long() -> ProtocolError:
    return ProtocolError(f"a line of more than {LONGEST_LINE} bytes", "Install one version of both.")
