"""The production server: Flask pages and the live WebSocket behind one uvicorn."""

import asyncio
import concurrent.futures
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

import uvicorn
from flask import Flask

from appliance.domain.errors import SettingsError
from webui.auth.certificate import Certificate
from webui.live.socket import LiveSocket, Receive, Send
from webui.live.status import StatusFeed
from webui.services import Services
from webui.serving.patient_server import listen, patient_server
from webui.serving.wsgi_pages import WsgiPages
from webui.settings import WebSettings

_log = logging.getLogger(__name__)
_LIVE_PATH = "/live/ws"
_WAITED_S = 20.0


class WebServer:
    """A running server; `stop` ends it and every connection."""

    def __init__(
        self, server: uvicorn.Server, pages: WsgiPages, bound: socket.socket, feed: StatusFeed, url: str
    ) -> None:
        self._server = server
        self._pages = pages
        self._bound = bound
        self._feed = feed
        self.url = url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="web-server", daemon=True)

    def start(self) -> None:
        """Returns as soon as pages are served, however slow the computer is: a server that cannot start ends.

        Raises:
            SettingsError: the server did not start.
        """
        self._feed.start()
        self._thread.start()
        asked_again_s = time.monotonic() + _WAITED_S
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.02)
            if time.monotonic() > asked_again_s:
                _log.warning("the web server on %s has not started for %.0f s; still waiting", self.url, _WAITED_S)
                asked_again_s += _WAITED_S
        if self._server.started:
            return
        self.stop()
        raise SettingsError(f"web server did not start on {self.url}", "See the log for the reason.")

    def use_certificate(self, certificate: Certificate) -> None:
        """Serve new connections with it; those that stand go on. Only where HTTPS is served at all.

        Raises:
            OSError: the certificate cannot be used, or the server does not answer.
        """
        context, loop = self._server.config.ssl, self._loop
        assert context is not None, "the pages are served in the clear"
        assert loop is not None, "the server was not started"

        async def load() -> None:
            # On the server's own thread: a handshake half-way must not see the new certificate with the old key.
            context.load_cert_chain(certificate.certificate_file, certificate.key_file)

        try:
            asyncio.run_coroutine_threadsafe(load(), loop).result(_WAITED_S)
        except concurrent.futures.TimeoutError as error:
            raise OSError("the web server does not answer") from error

    def stop(self) -> None:
        """End it; calling it twice is harmless."""
        self._server.should_exit = True
        self._thread.join()
        self._feed.stop()
        self._pages.close()
        self._bound.close()

    def wait(self) -> None:
        """Stay here for as long as pages are served."""
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._bound])


def serve(app: Flask, services: Services, settings: WebSettings) -> WebServer:
    """A started server for `app` in a thread of its own.

    Raises:
        SettingsError: the address is taken or not ours, or the certificate cannot be used.
    """
    bound = listen(settings)
    pages = WsgiPages(app.wsgi_app, settings.body_timeout_s)
    uvicorn_server = patient_server(_dispatch(pages, LiveSocket(app, services.hub)), settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"{'https' if settings.is_tls else 'http'}://{host}:{bound.getsockname()[1]}"
    feed = StatusFeed(services, settings.status_interval_s)
    server = WebServer(uvicorn_server, pages, bound, feed, url)
    server.start()
    return server


def _dispatch(pages: WsgiPages, live: LiveSocket) -> Any:
    async def dispatch(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == _LIVE_PATH:
            await live(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return dispatch
