"""A slow computer is waited for; a server that cannot start is an error."""

import logging
import socket
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.domain.errors import SettingsError
from webui.serving import server
from webui.serving.server import WebServer


class Uvicorn:
    """Starts when it is let, or ends without having started."""

    def __init__(self, fails: bool = False) -> None:
        self.started, self.should_exit, self._fails = False, False, fails
        self.may_start = threading.Event()
        self._may_end = threading.Event()

    async def serve(self, **_: Any) -> None:
        self.may_start.wait()
        if not self._fails:
            self.started = True
            self._may_end.wait(10.0)

    def end(self) -> None:
        self._may_end.set()


def web_server(uvicorn: Uvicorn) -> WebServer:
    nothing = SimpleNamespace(start=lambda: None, stop=lambda: None, close=lambda: None)
    parts: Any = (uvicorn, nothing, socket.socket(), nothing)
    return WebServer(*parts, "http://127.0.0.1:8080")


def test_a_server_may_take_as_long_as_the_computer_needs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "_WAITED_S", 0.05)
    uvicorn = Uvicorn()
    threading.Timer(0.3, uvicorn.may_start.set).start()
    web = web_server(uvicorn)
    with caplog.at_level(logging.WARNING):
        web.start()
    assert uvicorn.started
    assert "has not started for" in caplog.text
    uvicorn.end()
    web.stop()


def test_a_server_that_ends_before_it_serves_is_an_error() -> None:
    uvicorn = Uvicorn(fails=True)
    uvicorn.may_start.set()
    with pytest.raises(SettingsError, match="web server did not start"):
        web_server(uvicorn).start()
