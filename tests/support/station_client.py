"""What a browser does with a station in a process of its own: logs in, asks, captures, watches the live pictures."""

import http.cookiejar
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from appliance.apps.workbench.bench.station_process import StationProcess
from appliance.exam.live_message import decode_live_message

_ANSWER_S = 60.0
"""Of a station on a computer that does much else: a capture of a still takes two looks of the detector."""
NAME, PASSWORD = "ana.ruiz", "small vessels tell"


class Browser:
    """Cookies and tokens, as a page has them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._token = ""

    @property
    def cookies(self) -> str:
        """As a header holds them."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=_ANSWER_S) as answer:
            text: str = answer.read().decode()
        if found := re.search(r'name="csrf[-_]token"[^>]*?(?:content|value)="([^"]+)"', text):
            self._token = found[1]
        return text

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def set_up(self, code: str) -> int:
        """What the first page of a new box does."""
        return self._enter("/setup", code=code, name=NAME, full_name="Dr. Ana Ruiz", password=PASSWORD, again=PASSWORD)

    def log_in(self, password: str = PASSWORD) -> int:
        return self._enter("/login", name=NAME, password=password)

    def _enter(self, path: str, **fields: str) -> int:
        self.get(path)
        form = urllib.parse.urlencode({**fields, "csrf_token": self._token}).encode()
        try:
            with self._opener.open(self.url + path, form, 10) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        self.get("/")
        return status

    def post(self, path: str, **fields: Any) -> Any:
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._token, "Origin": self.url}
        request = urllib.request.Request(self.url + path, json.dumps(fields).encode(), headers)
        with self._opener.open(request, timeout=_ANSWER_S) as answer:
            return json.loads(answer.read())


class Watcher:
    """A page that shows the live pictures of a station on this computer; usable with `with`.

    Attributes:
        frames: pictures with their results so far.
        captured_s: when each was taken, by the clock of both.
        ages_ms: how old each was when it arrived.
        pauses_s: the time before each since the last one; since the page was opened before the first.
        newest: the header of the last one.
    """

    def __init__(self, browser: Browser) -> None:
        headers = {"Cookie": browser.cookies, "Origin": browser.url}
        address = browser.url.replace("http", "ws", 1) + "/live/ws"
        self._open_socket = ExitStack()
        self._socket = self._open_socket.enter_context(
            connect(address, additional_headers=headers, max_size=None, compression=None)
        )
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.frames = 0
        self.captured_s: list[float] = []
        self.ages_ms: list[float] = []
        self.pauses_s: list[float] = []
        self.newest: dict[str, Any] = {}

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open_socket.close()
        self._thread.join(5)

    def _watch(self) -> None:
        last_s = time.monotonic()
        with suppress(WebSocketException, OSError):  # the station ends, or is killed
            for message in self._socket:
                if not isinstance(message, bytes):
                    continue
                self.newest, _ = decode_live_message(message)
                now_s = time.monotonic()
                self.captured_s.append(self.newest["captured_monotonic_s"])
                self.ages_ms.append(1000 * (now_s - self.captured_s[-1]))
                self.pauses_s.append(now_s - last_s)
                last_s = now_s
                self.frames += 1
                self._socket.send(json.dumps({"type": "ack"}))


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = 30.0) -> float:
    """Seconds that it took; an AssertionError names what never came."""
    began_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_s < timeout_s, f"not within {timeout_s} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began_s


def is_ready(station: StationProcess) -> bool:
    try:
        with urllib.request.urlopen(f"{station.url}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False


def capture(browser: Browser) -> None:
    """A press on the pedal, once a picture is there."""
    wait_until(lambda: answered(browser, "/api/v1/exam/capture"), "a capture", 120.0)


def answered(browser: Browser, path: str, **fields: Any) -> bool:
    """Whether the station said yes; False where it refused."""
    try:
        browser.post(path, **fields)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    return True
