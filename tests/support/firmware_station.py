"""The station's end of the firmware's socket, for tests."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

from firmware.connection import Connection
from firmware.protocol import FROM_FIRMWARE, BoardState, ButtonEvent, Hello, Message, ProgressCounters, Refused
from firmware.unix_address import short_address

SOFTWARE = "nailfold test"
Heard = Hello | Refused | ButtonEvent | BoardState
AT_WORK = ProgressCounters(frames=1, store=1, web=1)


class FirmwareStation:
    """Connects and greets; usable with `with`."""

    def __init__(self, path: Path, greeting: Message | None = None) -> None:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with short_address(path) as address:
            line.connect(address)
        self._connection: Connection[Heard] = Connection(line, FROM_FIRMWARE)
        self.send(greeting or Hello(software=SOFTWARE))
        self.greeted_by = self._connection.receive()

    def send(self, message: Message) -> None:
        self._connection.send(message)

    def receive(self) -> Heard:
        return self._connection.receive()

    def await_state(self, is_so: Callable[[BoardState], bool], timeout_s: float = 10.0) -> BoardState:
        """The first board's state for which that holds; what else comes is dropped."""
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            heard = self.receive()
            if isinstance(heard, BoardState) and is_so(heard):
                return heard
        raise AssertionError(f"not within {timeout_s} s")

    def await_event(self) -> ButtonEvent:
        """The next thing that somebody does with a button."""
        while True:
            heard = self.receive()
            if isinstance(heard, ButtonEvent):
                return heard

    def await_refusal(self) -> str:
        """The next refusal's reason."""
        while True:
            heard = self.receive()
            if isinstance(heard, Refused):
                return heard.reason

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "FirmwareStation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
