"""A whole exam by keyboard alone, in a real browser."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.domain.errors import ExportError

PSEUDONYM = "REHEARSAL-1"
_STEP_TIMEOUT_S = 30.0
_MOST_TABS = 120
_PAUSE_S = 0.8
"""Between captures: the operator looks at what was kept; the station keeps the best of the last half second."""

Reporter = Callable[[str], None]


class KeyboardOperator:
    """Somebody without a mouse, at a logged-in live page (of playwright)."""

    def __init__(self, page: Any, reporter: Reporter) -> None:
        self._page = page
        self._tell = reporter

    def examine(self, placements: int) -> str:
        """Start an exam, capture at every placement of the protocol, finish; the exam's page is open then. Its id.

        Raises:
            ExportError: something did not happen that should have.
        """
        keys = self._page.keyboard
        keys.press("Space")
        self._wait("the field for the pseudonym has the focus", "document.activeElement?.id === 'pseudonym'")
        keys.type(PSEUDONYM)
        keys.press("Enter")
        self._wait("the patient is chosen", "document.querySelector('#patient-chosen')?.hidden === false")
        # Back over the clinical details to the protocols, and on from the clinic's own to the free one.
        for key in ("Shift+Tab", "Shift+Tab", "ArrowRight"):
            keys.press(key)
        self._wait("the free protocol is chosen", "document.querySelector('[name=protocol][value=free]')?.checked")
        self._tab_to("#start-exam")
        keys.press("Enter")
        self._wait("an exam is open", "document.querySelector('#exam')?.dataset.exam === 'open'")
        for number in range(1, placements + 1):
            self._capture(number)
        keys.press("Control+Enter")
        self._wait("the exam is finished", "document.querySelector('#exam')?.dataset.exam === 'none'")
        self._tab_to(".toast button")
        keys.press("Enter")
        self._wait("the exam's page is open", "Boolean(document.querySelector('#exam-page'))")
        return str(self._page.evaluate("document.querySelector('#exam-page').dataset.exam"))

    def open_report(self) -> None:
        """From the exam's page to its report."""
        self._tab_to("a[href$='/report']")
        self._page.keyboard.press("Enter")
        report = "document.querySelector('#report-sheet')?.getAttribute('aria-busy') === 'false'"
        self._wait("the report is shown", report)

    def save_pdf(self, path: Path) -> None:
        """Have the shown report made into a PDF."""
        self._tab_to("#report-pdf")
        with self._page.expect_download(timeout=180_000) as download:
            self._page.keyboard.press("Enter")
        download.value.save_as(path)

    def _capture(self, number: int) -> None:
        self._page.wait_for_timeout(_PAUSE_S * 1000)
        deadline_s = time.monotonic() + _STEP_TIMEOUT_S
        while self._kept() < number:
            # Between two sectors the picture moves; what is refused or missing is simply tried again.
            if time.monotonic() > deadline_s:
                raise ExportError(f"capture {number} was not kept", f"The page says: {self._said()}")
            self._page.keyboard.press("Space")
            self._page.wait_for_timeout(500)
        self._tell(f"{number} captured")

    def _kept(self) -> int:
        return int(self._page.evaluate("document.querySelectorAll('#captures [data-image]').length"))

    def _said(self) -> str:
        return str(self._page.evaluate("document.querySelector('#toasts')?.innerText ?? ''")).strip()

    def _wait(self, what: str, condition: str) -> None:
        # playwright's own wait_for_function needs eval, which the pages forbid.
        deadline_s = time.monotonic() + _STEP_TIMEOUT_S
        while not self._evaluates_to_true(condition):
            if time.monotonic() > deadline_s:
                raise ExportError(f"waited {_STEP_TIMEOUT_S:.0f} s for: {what}", f"It says: {self._said()}")
            self._page.wait_for_timeout(100)

    def _evaluates_to_true(self, condition: str) -> bool:
        try:
            return bool(self._page.evaluate(condition))
        except Exception as error:
            # Between two pages there is nothing to ask.
            if "context was destroyed" in str(error) or "navigation" in str(error):
                return False
            raise

    def _tab_to(self, selector: str) -> None:
        for _ in range(_MOST_TABS):
            if self._page.evaluate("wanted => Boolean(document.activeElement?.matches(wanted))", selector):
                return
            self._page.keyboard.press("Tab")
        raise ExportError(f"{selector} is not reached by {_MOST_TABS} presses of the tabulator", "Give it a tab stop.")
