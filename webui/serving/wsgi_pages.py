"""The Flask pages under an ASGI server: a worker is taken while a page is made, never while somebody is slow."""

import asyncio
import contextvars
import functools
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from a2wsgi.wsgi import build_environ

from webui.auth.host_names import name_in
from webui.live.socket import Message, Receive, Send
from webui.serving.arriving_body import ArrivingBody, BodyTooLargeError, whole_body
from webui.serving.patient_http import REFUSAL_HEADERS

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# The largest body that is waited for before a worker is taken, and the largest that a form of a page may have.
SMALL_BODY_BYTES = 1 << 20
# An answer is fetched from Flask in pieces of this size; a page is one, a file many.
_PIECE_BYTES = 256 * 1024
_PAGE_WORKERS, _UPLOAD_WORKERS, _LIGHT_WORKERS = 8, 4, 2
_LIGHT_PATHS = ("/health/", "/static/")
_VERSIONS = ("1.0", "1.1")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NO_MORE_BODY = {"type": "http.response.body", "body": b"", "more_body": False}


@dataclass
class _Started:
    """What Flask said before the first byte of its answer."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def start_response(self, status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[..., Any]:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
        return _no_write


class WsgiPages:
    """An ASGI application that answers with a WSGI one.

    A body of up to `SMALL_BODY_BYTES` has arrived before a worker is taken; larger ones, which only uploads have, are
    read by workers of their own. Answers are taken from the application piece by piece, and no worker waits while a
    piece is sent. What the box's watchdog asks for and the pages' own files have workers of their own too.

    Args:
        body_timeout_s: within which a small body has to arrive, and the longest silence within a large one.
    """

    def __init__(self, app: WsgiApp, body_timeout_s: float) -> None:
        self._app = app
        self._body_timeout_s = body_timeout_s
        self._pages = ThreadPoolExecutor(_PAGE_WORKERS, "pages")
        self._uploads = ThreadPoolExecutor(_UPLOAD_WORKERS, "uploads")
        self._light = ThreadPoolExecutor(_LIGHT_WORKERS, "light-pages")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        if (refusal := _refusal_of(scope)) is not None:
            await _refuse(send, *refusal)
            return
        scope = {**scope, "path": _own_path(scope)}
        length = _content_length(scope)
        if length is not None and length > SMALL_BODY_BYTES:
            arriving = ArrivingBody(asyncio.get_running_loop(), receive, self._body_timeout_s)
            await self._answer(self._uploads, build_environ(scope, arriving.buffered()), send)
            return
        try:
            body = await asyncio.wait_for(whole_body(receive, SMALL_BODY_BYTES), self._body_timeout_s)
        except asyncio.TimeoutError:
            await _refuse(send, 408, b"The request did not arrive in time. Send it again.\n")
        except BodyTooLargeError:
            await _refuse(send, 413, b"The request is too large. Say its size in Content-Length.\n")
        else:
            if body is not None:
                environ = build_environ(scope, BytesIO(body))
                environ["CONTENT_LENGTH"] = str(len(body))
                await self._answer(self._pool_for(scope["path"]), environ, send)

    def close(self) -> None:
        """No further page is begun; those that are being made are not waited for."""
        for pool in (self._pages, self._uploads, self._light):
            pool.shutdown(wait=False, cancel_futures=True)

    def _pool_for(self, path: str) -> Executor:
        return self._light if path.startswith(_LIGHT_PATHS) else self._pages

    async def _answer(self, pool: Executor, environ: dict[str, Any], send: Send) -> None:
        loop, context, started = asyncio.get_running_loop(), contextvars.copy_context(), _Started()

        async def at_work(task: Callable[..., Any], *arguments: Any) -> Any:
            return await loop.run_in_executor(pool, functools.partial(context.run, task, *arguments))

        answer, pieces, piece = await at_work(self._begin, environ, started)
        try:
            await send({"type": "http.response.start", "status": started.status, "headers": started.headers})
            while piece:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                # A page is whole in its first piece: no second way to a worker and back for it.
                piece = await at_work(_next_piece, pieces) if len(piece) >= _PIECE_BYTES else b""
            await send(dict(_NO_MORE_BODY))
        finally:
            if (close := getattr(answer, "close", None)) is not None:
                await at_work(close)

    def _begin(self, environ: dict[str, Any], started: _Started) -> tuple[Any, Any, bytes]:
        answer = self._app(environ, started.start_response)
        pieces = iter(answer)
        return answer, pieces, _next_piece(pieces)


def _next_piece(pieces: Any) -> bytes:
    """The next bytes, at least `_PIECE_BYTES` unless these are the last; empty after them."""
    gathered, size = [], 0
    while size < _PIECE_BYTES and (chunk := next(pieces, None)) is not None:
        gathered.append(chunk)
        size += len(chunk)
    return b"".join(gathered)


def _content_length(scope: Mapping[str, Any]) -> int | None:
    said = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(said[0]) if said and said[0].isdigit() else None


def _refusal_of(scope: Mapping[str, Any]) -> tuple[int, bytes] | None:
    """Status and words where no page is to see the request."""
    if scope["http_version"] not in _VERSIONS:
        return 505, b"This server speaks HTTP/1.1.\n"
    if scope["method"] not in _METHODS:
        return 501, b"No page takes requests of that kind.\n"
    if _has_two_lengths(scope):
        # RFC 9112, 6.3: the way of smuggling a second request past whoever reads the other one.
        return 400, b"The request has two lengths.\n"
    if not _names_a_host(scope):
        # Flask cannot make the address of any page below a host that is none, not even of the one that says so.
        return 400, b"The Host header names no host.\n"
    if _own_path(scope) is None:
        # RFC 9112, 3.2.2 gives the address precedence over the Host header; who reads the header sees another page.
        return 400, b"The request's address is of another host than its Host header.\n"
    return None


def _has_two_lengths(scope: Mapping[str, Any]) -> bool:
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}


def _own_path(scope: Mapping[str, Any]) -> str | None:
    """The path, also of a request that names the whole address, as to a proxy (RFC 9112, 3.2.2).

    None where that is the address of another host than that of the Host header, or of no page at all.
    """
    path: str = scope["path"]
    if path.startswith("/") or path == "*":
        return path
    scheme, _, rest = path.partition("://")
    host, _, below = rest.partition("/")
    said = [value.decode("latin1") for name, value in scope["headers"] if name == b"host"]
    if scheme.lower() not in ("http", "https") or [one.lower() for one in said] != [host.lower()]:
        return None
    return f"/{below}"


def _names_a_host(scope: Mapping[str, Any]) -> bool:
    """No Host header at all comes from no browser, and is nothing that Flask stumbles over."""
    said = [value.decode("latin1") for name, value in scope["headers"] if name == b"host"]
    return all(not host or name_in(host) for host in said)


async def _refuse(send: Send, status: int, sentence: bytes) -> None:
    start: Message = {"type": "http.response.start", "status": status, "headers": list(REFUSAL_HEADERS)}
    await send(start)
    await send({"type": "http.response.body", "body": sentence, "more_body": False})


def _no_write(_: bytes) -> None:
    raise NotImplementedError("Flask answers with an iterable; nothing here uses WSGI's write()")
