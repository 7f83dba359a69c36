"""A real browser beside the station: what an operator's screen gets, and when."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from appliance.apps.extras import require_modules
from appliance.apps.workbench.bench.first_login import set_up_in_browser
from appliance.domain.errors import ExportError

_FIRST_PICTURE_S = 30.0
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def live_page(url: str, access_code: str) -> Iterator[Any]:
    """The live page of a new station in headless Chromium, a playwright page; closed at the end.

    Raises:
        ExportError: playwright or Chromium is missing, or the page does not come up.
    """
    with _new_page() as page:
        with _told("the live page"):
            set_up_in_browser(page, url, access_code)
            _wait_for_picture(page)
        yield page


@contextmanager
def paint_address(url: str) -> Iterator[None]:
    """Headless Chromium with that address open; closed at the end. Raises ExportError."""
    with _new_page() as page:
        with _told(url):
            # A page whose picture never ends is never loaded.
            page.goto(url, wait_until="commit")
        yield


@contextmanager
def _new_page() -> Iterator[Any]:
    require_modules("playwright")
    from playwright import sync_api  # noqa: PLC0415 (the `rehearse` extra)

    with sync_api.sync_playwright() as playwright:
        path = os.environ.get("NAILFOLD_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        with _told("the browser"):
            browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 800})
        yield page
        browser.close()


@contextmanager
def _told(what: str) -> Iterator[None]:
    from playwright import sync_api  # noqa: PLC0415 (the `rehearse` extra)

    try:
        yield
    except sync_api.Error as error:
        raise ExportError(f"{what} did not come up: {str(error).splitlines()[0]}", "See the log.") from error


def _wait_for_picture(page: Any) -> None:
    # playwright's own wait_for_function needs eval, which the pages forbid.
    deadline_s = time.monotonic() + _FIRST_PICTURE_S
    while not page.evaluate("Boolean(window.__nailfold && window.__nailfold.painted())"):
        if time.monotonic() > deadline_s:
            raise ExportError(f"the live page painted nothing for {_FIRST_PICTURE_S:.0f} s", "See the station's log.")
        page.wait_for_timeout(100)


class PaintedFrames:
    """Collects what the page painted; its own memory holds the last minute alone, so `collect` at least that often."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._last_seq = -1
        self.capture_to_paint_ms: list[float] = []
        self.forget()

    def forget(self) -> None:
        """Begin anew: what was painted so far does not count."""
        self._before = self._painted_at_s()
        self.collect()
        self.capture_to_paint_ms.clear()

    @property
    def frames_per_s(self) -> float:
        """Painted since `forget`, by the page's own clock: a busy page answers late."""
        (painted, at_s), (before, since_s) = self._painted_at_s(), self._before
        return (painted - before) / (at_s - since_s)

    def _painted_at_s(self) -> tuple[int, float]:
        painted, at_ms = self._page.evaluate("[window.__nailfold.painted(), performance.now()]")
        return int(painted), float(at_ms) / 1000.0

    def collect(self) -> None:
        """Take over what was painted since the last call."""
        rows = self._page.evaluate("window.__nailfold.frames().map(f => [f.seq, f.captureToPaintMs])")
        for seq, latency_ms in rows:
            if seq > self._last_seq:
                self._last_seq = seq
                if latency_ms is not None:
                    self.capture_to_paint_ms.append(float(latency_ms))
