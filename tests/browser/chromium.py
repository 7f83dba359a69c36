"""The browser of the tests."""

import os
import shutil
import time
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.support.accounts import ADMINISTRATOR, PASSWORD

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """The system's Chromium; None where playwright's own has to serve (Ubuntu's package is a snap stub)."""
    return os.environ.get("NAILFOLD_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def slow_down(browser: Browser, latency_ms: int) -> None:
    """Every page that is opened from now on gets each answer later and in pieces, and has a quarter of a processor."""
    new_context = browser.new_context

    def slow(page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": latency_ms, "downloadThroughput": 100_000, "uploadThroughput": -1},
        )
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})

    def slow_context(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.on("page", slow)
        return context

    # Tests open contexts of their own; there is no one place behind them all.
    browser.new_context = slow_context  # type: ignore[method-assign]


def log_in(page: Page, name: str = ADMINISTRATOR, password: str = PASSWORD) -> None:
    """Fill in the login page that is shown."""
    page.fill("#name", name)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def wait_until(page: Page, expression: str, timeout_s: float = 15.0) -> None:
    """Wait for a JavaScript expression to become true; playwright's own wait needs eval, which the pages forbid."""
    deadline = time.monotonic() + timeout_s
    while not _is_true(page, expression):
        assert time.monotonic() < deadline, f"not true within {timeout_s} s: {expression}"
        page.wait_for_timeout(40)


def _is_true(page: Page, expression: str) -> bool:
    try:
        return bool(page.evaluate(expression))
    except Error as error:
        # Between two pages there is nothing to ask yet.
        if "context was destroyed" not in str(error):
            raise
        return False


def start_exam(page: Page, pseudonym: str, protocol: str = "") -> None:
    """At the live page's start panel: the patient, known or new, by keyboard; the exam is open then."""
    page.fill("#pseudonym", pseudonym)
    page.press("#pseudonym", "Enter")
    page.wait_for_selector("#patient-chosen:not([hidden])")
    if protocol:
        page.check(f"[name=protocol][value='{protocol}']", force=True)
    page.press("#start-exam", "Enter")
    page.wait_for_selector("#exam[data-exam=open]")
