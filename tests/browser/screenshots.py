"""Pictures of a real station's pages at the sizes that matter: python tests/browser/screenshots.py FOLDER [--docs]

The station runs with its own networks and the simulated capillaroscope. With --docs only the two pictures of the README
are taken.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.first_login import set_up_in_browser
from appliance.apps.station_process import StationProcess
from tests.browser.chromium import ARGUMENTS, executable, wait_until

SIZES = {"desktop": (1440, 900), "tablet": (1024, 768), "upright": (768, 1024), "phone": (390, 844)}
# Small enough to stay below 500 kB in full colour: with a palette the rare colours of the classes are lost.
DOCS = {"desktop": (1280, 800), "phone": (390, 844)}
CAPTURES = 5
SETTLE_MS = 2500
logged_in_cookies: list[Any] = []


def main() -> None:
    """Take what was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--docs", action="store_true", help="only what docs/images keeps")
    chosen = arguments.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        StationProcess(["--port", "0", "--data-dir", data]) as station,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        first = browser.new_context()
        set_up_in_browser(first.new_page(), station.url, station.access_code)
        logged_in_cookies.extend(first.cookies())
        start_exam(logged_in_page(browser, station, SIZES["desktop"]))
        if chosen.docs:
            take_for_docs(browser, station, chosen.folder)
        else:
            take_all(browser, station, chosen.folder)
        browser.close()


def take_for_docs(browser: Browser, station: StationProcess, folder: Path) -> None:
    """The two pictures of the README."""
    for name, size in DOCS.items():
        take(logged_in_page(browser, station, size), folder / f"live-{name}.png")


def take_all(browser: Browser, station: StationProcess, folder: Path) -> None:
    """Every page at every size in both themes."""
    for theme in ("dark", "light"):
        for name, size in SIZES.items():
            for path in ("", "login", "exams/", "account/", "accounts/", "about"):
                page = logged_in_page(browser, station, size, theme=theme, path=path)
                take(page, folder / f"{path.strip('/') or 'live'}-{name}-{theme}.png")


def logged_in_page(
    browser: Browser, station: StationProcess, size: tuple[int, int], *, theme: str = "dark", path: str = ""
) -> Page:
    """A page of the given size and colours; the login page is left as it first appears."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": "nailfold_theme", "value": theme, "url": station.url}])
    if path != "login":
        context.add_cookies(logged_in_cookies)
    page = context.new_page()
    page.goto(f"{station.url}/{path}")
    return page


def start_exam(page: Page) -> None:
    """An exam with some captures, so that the pages have something to show."""
    wait_until(page, "window.__nailfold?.screen().isOverlayShown")
    page.fill("#pseudonym", "NC-0042")
    page.press("#pseudonym", "Enter")
    page.wait_for_selector("#exam[data-exam=open]")
    for count in range(1, CAPTURES + 1):
        page.keyboard.press("Space")
        wait_until(page, f"document.querySelectorAll('.thumbnail img').length === {count}")
    page.context.close()


def take(page: Page, path: Path) -> None:
    """One picture, once a good live picture with its figures stands."""
    if page.query_selector("#live"):
        wait_until(page, "window.__nailfold?.screen().isOverlayShown")
        page.wait_for_timeout(SETTLE_MS)
        wait_until(page, "document.querySelector('#quality').dataset.state === 'good'", timeout_s=60)
    page.screenshot(path=path)
    page.context.close()


if __name__ == "__main__":
    main()
