"""Inside the virtual box: sets it up, pulls the scope and plugs it in, makes an exam by buttons on the GPIO chip."""

import json
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

URL = "http://127.0.0.1:8080"
TIMEOUT_S = 1800
"""By the guest's clock, which goes on while a busy computer keeps the guest waiting; the limit is boot.py's."""
EXPANDER = Path("/run/cp2112")
"""Takes "short LINE" and "open LINE" for the device of tests/hardware/cp2112.py."""
CABLE = Path("/run/scope")
"""Takes "plug PORT" and "unplug" for scope.py."""
QUIET_S = 60.0


class Browser:
    """Cookies and tokens, as a page has them."""

    def __init__(self, url: str = URL, context: ssl.SSLContext | None = None) -> None:
        self._jar = CookieJar()
        parts = [urllib.request.HTTPCookieProcessor(self._jar), urllib.request.HTTPSHandler(context=context)]
        self._opener, self._url = urllib.request.build_opener(*parts), url
        self._token = ""

    @property
    def cookies(self) -> str:
        """As the header of a WebSocket has them."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def go_to(self, url: str) -> None:
        """The same box at another address, with the cookies."""
        self._url = url

    def get(self, path: str) -> str:
        text: str = self._opener.open(self._url + path, timeout=TIMEOUT_S).read().decode()
        if found := re.search(r'name="csrf[-_]token"[^>]*?(?:content|value)="([^"]+)"', text):
            self._token = found[1]
        return text

    def url_of(self, path: str) -> str:
        """Where a page ends."""
        with self._opener.open(self._url + path, timeout=TIMEOUT_S) as answer:
            return str(answer.geturl())

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def set_up(self, code: str) -> None:
        """What the first page of a new box does."""
        self.get("/setup")
        form = {"code": code, "name": "ana.ruiz", "full_name": "Dr. Ana Ruiz", "csrf_token": self._token}
        form |= {"password": "small vessels tell", "again": "small vessels tell"}
        self._opener.open(self._url + "/setup", urllib.parse.urlencode(form).encode(), TIMEOUT_S).close()
        self.get("/")

    def form(self, path: str, **fields: str) -> str:
        """The page that follows, as after a button of a page that was opened before."""
        sent = urllib.parse.urlencode({**fields, "csrf_token": self._token}).encode()
        with self._opener.open(self._url + path, sent, TIMEOUT_S) as answer:
            return str(answer.read().decode())

    def log_in(self, name: str, password: str) -> None:
        """As a program does (docs/api.md)."""
        self._token = self.json("/api/v1/session")["csrf_token"]
        self._token = self.post("/api/v1/session", name=name, password=password)["csrf_token"]

    def post(self, path: str, **fields: object) -> Any:
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._token, "Origin": self._url}
        request = urllib.request.Request(self._url + path, json.dumps(fields).encode(), headers)
        return json.loads(self._opener.open(request, timeout=TIMEOUT_S).read())

    def post_until_taken(self, path: str, within_s: float, **fields: object) -> Any:
        """Again while the box says that it cannot just now."""
        until_s = time.monotonic() + within_s
        while True:
            try:
                return self.post(path, **fields)
            except urllib.error.HTTPError as refused:
                if refused.code != HTTPStatus.CONFLICT or time.monotonic() > until_s:
                    raise
                time.sleep(0.1)


def press(line: int, is_pressed: bool) -> None:
    """Close or open the contact on a line of the GPIO chip."""
    EXPANDER.write_text(f"{'short' if is_pressed else 'open'} {line}\n")


def seconds_until(is_so: Callable[[], bool], what: str) -> float:
    """How long it took; ends the exam where it does not come."""
    began_s = time.monotonic()
    while not is_so():
        if time.monotonic() - began_s > TIMEOUT_S:
            raise SystemExit(f"PROBE failed {what}")
        time.sleep(0.1)
    return time.monotonic() - began_s


def pull_and_plug(browser: Browser) -> None:
    """The scope's cable is pulled, and put into another socket of the computer; live is a picture with its result."""
    state = lambda: browser.json("/api/v1/state")  # noqa: E731
    print("PROBE camera", json.dumps(state()["camera"]))
    CABLE.write_text("unplug\n")
    noticed_s = seconds_until(lambda: state()["camera"]["phase"] == "lost", "notice of the pulled cable")
    print(f"PROBE unplug_noticed_s {noticed_s:.2f} {state()['camera']['reason']}")
    # The package's own, which the page outside does not need.
    from websockets.sync.client import connect  # noqa: PLC0415

    told = {"additional_headers": {"Cookie": browser.cookies, "Origin": URL}, "proxy": None}
    with connect("ws://127.0.0.1:8080/live/ws", **told, open_timeout=None, ping_interval=None, max_size=None) as page:

        def is_picture(within_s: float) -> bool:
            try:
                is_one = isinstance(page.recv(timeout=within_s), bytes)
            except TimeoutError:
                return False
            if is_one:
                # As a page does: without it no more come (docs/api.md).
                page.send('{"type": "ack"}')
            return is_one

        # Pictures that were computed while the cable went come still.
        until_s = time.monotonic() + QUIET_S
        while time.monotonic() < until_s:
            if is_picture(1.0):
                until_s = time.monotonic() + QUIET_S
        CABLE.write_text("plug 1\n")
        took_s = seconds_until(lambda: is_picture(1.0), "live picture after the cable")
    print(f"PROBE replug_to_live_s {took_s:.2f} {json.dumps(state()['camera']['name'])}", flush=True)


def main() -> None:
    """Prints "PROBE key value" lines."""
    command = ["journalctl", "-b", "-o", "cat", "-u", "nailfold-station"]
    journal = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    browser = Browser()
    browser.set_up(re.findall(r"two words (\S+)", journal)[-1])
    board = browser.json("/api/v1/board")["board"]
    shown = {
        key: board[key] for key in ("is_connected", "is_simulated", "name", "buttons", "lamp", "reason", "watchdog")
    }
    print("PROBE board", json.dumps(shown))
    pull_and_plug(browser)
    browser.post("/api/v1/exam/start", pseudonym="NC-0042", is_new=True, protocol="free")
    exam_id = browser.json("/api/v1/state")["exam"]["exam_id"]
    press(0, True)
    took_s = seconds_until(lambda: len(browser.json("/api/v1/state")["exam"]["images"]) == 1, "capture by button")
    press(0, False)
    print(f"PROBE button_to_capture_seen_s {took_s:.2f}")
    seconds_until(lambda: browser.json("/api/v1/board")["board"]["lamp"] == "exam", "lamp")
    press(1, True)
    seconds_until(lambda: browser.json("/api/v1/state")["exam"]["exam_id"] is None, "finish by holding freeze")
    press(1, False)
    print("PROBE exam_finished_by_button", exam_id, flush=True)
    sent = lambda: browser.json("/api/v1/state")["outbox"]  # noqa: E731
    seconds_until(lambda: sent()["pending"] + sent()["sent"] == 0, "delivery to the broker outside")


if __name__ == "__main__":
    main()
