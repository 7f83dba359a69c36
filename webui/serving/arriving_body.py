"""A request's body: whole before anybody works on it, or read while it arrives."""

import asyncio
import concurrent.futures
import io
import time
from typing import Any

from werkzeug.exceptions import RequestTimeout

from webui.live.socket import Receive

_BUFFER_BYTES = 64 * 1024
LEAST_BYTES_PER_S = 16 * 1024
"""While it is waited for. A picture of 1 MB takes a minute at that; whoever sends less holds a worker for others."""


class BodyTooLargeError(Exception):
    """More arrives than is taken into memory."""


async def whole_body(receive: Receive, most_bytes: int) -> bytes | None:
    """The body; None where the browser left before it was whole.

    Raises:
        BodyTooLargeError: more than `most_bytes`.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise BodyTooLargeError
        if not message.get("more_body", False):
            return bytes(body)


class ArrivingBody(io.RawIOBase):
    """A large body as a file for a worker's thread; its end comes early where the browser leaves.

    Args:
        loop: the server's own.
        silence_s: the longest wait for the next bytes; over each such time of waiting LEAST_BYTES_PER_S have to come.

    Raises:
        RequestTimeout: while reading: nothing came for so long, or drop by drop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive, silence_s: float) -> None:
        self._loop, self._receive, self._silence_s = loop, receive, silence_s
        self._arrived = bytearray()
        self._is_over = False
        self._waited_s, self._came_meanwhile = 0.0, 0

    def buffered(self) -> io.BufferedReader:
        """With `read` and `readline` of any size."""
        return io.BufferedReader(self, _BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._arrived and not self._is_over:
            self._wait()
        view = memoryview(buffer)
        size = min(len(view), len(self._arrived))
        view[:size] = self._arrived[:size]
        del self._arrived[:size]
        return size

    def _wait(self) -> None:
        coming, began_s = asyncio.run_coroutine_threadsafe(self._next(), self._loop), time.monotonic()
        try:
            message = coming.result(self._silence_s)
        except concurrent.futures.TimeoutError as error:
            coming.cancel()
            self._is_over = True
            raise RequestTimeout from error
        self._arrived += message.get("body", b"")
        self._is_over = not message.get("more_body", False)
        self._require_progress(time.monotonic() - began_s, len(message.get("body", b"")))

    def _require_progress(self, waited_s: float, came: int) -> None:
        # Time in which a worker wrote to a slow disk is not the sender's.
        self._waited_s, self._came_meanwhile = self._waited_s + waited_s, self._came_meanwhile + came
        if self._waited_s < self._silence_s:
            return
        if not self._is_over and self._came_meanwhile < LEAST_BYTES_PER_S * self._waited_s:
            self._is_over = True
            raise RequestTimeout
        self._waited_s, self._came_meanwhile = 0.0, 0

    async def _next(self) -> Any:
        return await self._receive()
