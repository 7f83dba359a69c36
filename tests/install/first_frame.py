"""What `make run` starts, up to the first live picture with its result; then it is stopped in order."""

import http.cookiejar
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from websockets.sync.client import connect
from websockets.typing import Origin

from appliance.exam.live_message import decode_live_message

START_TIMEOUT_S = 120
FRAME_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


def main(data_dir: Path) -> None:
    """Raises SystemExit with one line where a step fails."""
    began = time.monotonic()
    station = subprocess.Popen(
        ["make", "--no-print-directory", "run", f"ARGS=--port 0 --data-dir {data_dir}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "NAILFOLD_DATA_DIR": str(data_dir), "NAILFOLD_MQTT_PORT": "18831"},
    )
    watchdog = threading.Timer(START_TIMEOUT_S + FRAME_TIMEOUT_S, os.killpg, (station.pid, signal.SIGKILL))
    watchdog.start()
    try:
        url, code = read_address(station)
        opened_s = time.monotonic() - began
        header, jpeg = first_frame(url, set_up(url, code))
        seen_s = time.monotonic() - began
        image = header["image"]
        if not jpeg.startswith(b"\xff\xd8") or image["width"] != 640:
            raise SystemExit(f"the first live message holds no picture: {header}")
        print(f"pages served after {opened_s:.1f} s, first live frame after {seen_s:.1f} s")
        print(f"frame {header['seq']}: {len(jpeg)} bytes of JPEG, {len(image['capillaries'])} capillaries")
    finally:
        code_at_end = stopped(station)
        watchdog.cancel()
    # make reports an interrupted recipe with 2; the station's own log line says that it stopped in order.
    if code_at_end not in (0, 2, -signal.SIGINT):
        raise SystemExit(f"make run ended with code {code_at_end}")


def stopped(station: "subprocess.Popen[str]") -> int:
    """Its exit code after Ctrl-C; nothing of it stays."""
    os.killpg(station.pid, signal.SIGINT)
    try:
        return station.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(station.pid, signal.SIGKILL)
        raise SystemExit(f"make run went on for {STOP_TIMEOUT_S} s after Ctrl-C") from None


def read_address(station: "subprocess.Popen[str]") -> tuple[str, str]:
    """Where the pages are, and the access code, as `make run` prints them."""
    assert station.stdout is not None
    lines = []
    for line in station.stdout:
        lines.append(line)
        if match := re.search(r"Open (http\S+)\s+two words (\S+)", line):
            # What comes later must not fill the pipe.
            threading.Thread(target=station.stdout.read, daemon=True).start()
            return match[1], match[2]
    raise SystemExit("make run ended before it served a page:\n" + "".join(lines[-30:]))


def set_up(url: str, code: str) -> str:
    """Make the administrator as the first page does; the cookie of the login."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{url}/setup", timeout=FRAME_TIMEOUT_S).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, "the first page carries no token"
    password = secrets.token_urlsafe(18)
    typed = {"csrf_token": token[1], "code": code, "full_name": "Fresh Install", "name": "fresh"}
    typed |= {"password": password, "again": password}
    answer = browser.open(f"{url}/setup", urllib.parse.urlencode(typed).encode(), timeout=FRAME_TIMEOUT_S)
    if "/setup" in answer.geturl():
        raise SystemExit("the first page did not let the new administrator in")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def first_frame(url: str, cookie: str) -> tuple[dict, bytes]:
    """Header and JPEG of the first picture that a page gets."""
    address = url.replace("http", "ws", 1) + "/live/ws"
    with connect(address, origin=Origin(url), additional_headers={"Cookie": cookie}, proxy=None) as page:
        until = time.monotonic() + FRAME_TIMEOUT_S
        while (left_s := until - time.monotonic()) > 0:
            message = page.recv(timeout=left_s)
            if isinstance(message, bytes):
                return decode_live_message(message)
    raise SystemExit(f"no live picture within {FRAME_TIMEOUT_S} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
