"""Every page whole, at three widths, to lay beside the same of another time:

    python tests/browser/page_tour.py AFTER --languages es it --themes light dark --beside BEFORE

The station and its exams are those of screenshots.py, or with --quick of the browser's tests. Files are called
PAGE-LANGUAGE-THEME-WIDTH.png; pages that open over another (the start panel, the finish check, the key sheet) are among
them. With --beside, AFTER/beside has each picture that differs from the one of the same name in BEFORE, both next to
each other, the earlier on the left.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.browser.chromium import ARGUMENTS, executable, log_in, wait_until
from tests.browser.screenshots import SOURCE, ask, fill, set_up
from tests.support import full_station
from tests.support.page_station import Feed
from tests.support.whole_box import whole_box

WIDTHS = {390: 844, 820: 1180, 1440: 900}
LANGUAGES, THEMES = ("de", "en", "es", "fr", "it"), ("light", "dark")
TALLEST_PX = 6000
_GAP_PX = 24
_SETTLE_MS = 500


def main() -> None:
    """Take what is asked for, and lay it beside what was."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--languages", nargs="+", choices=LANGUAGES, default=["en"])
    arguments.add_argument("--themes", nargs="+", choices=THEMES, default=list(THEMES))
    arguments.add_argument("--widths", nargs="+", type=int, choices=WIDTHS, default=list(WIDTHS))
    arguments.add_argument("--pages", nargs="+", default=[], help="all without")
    arguments.add_argument("--zoom", type=int, default=100, help="percent, as the browser's own zoom")
    arguments.add_argument("--quick", action="store_true", help="without networks: a station of the tests, drawn loops")
    arguments.add_argument("--beside", type=Path, help="folder of an earlier tour")
    chosen = arguments.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        if chosen.quick:
            tour_of_the_tests_station(browser, chosen)
        else:
            tour_of_a_real_station(browser, chosen)
        browser.close()
    if chosen.beside is not None:
        lay_beside(chosen.beside, chosen.folder)


def tour_of_a_real_station(browser: Browser, chosen: argparse.Namespace) -> None:
    """A whole box with its networks, as in screenshots.py."""
    with tempfile.TemporaryDirectory() as data:
        site = Path(data) / "site.toml"
        site.touch()
        flags = ["--config", str(site), "--data-dir", data, "--port", "0", "--source", SOURCE]
        with StationProcess(flags) as station:
            page = browser.new_context(locale="en-GB").new_page()
            page.goto(f"{station.url}/setup")
            set_up(page, station.access_code)
            tour_of(browser, page, station.url, fill(page, Path(data) / "exams" / "exams.sqlite3"), chosen)


def tour_of_the_tests_station(browser: Browser, chosen: argparse.Namespace) -> None:
    """The station of the browser's tests, which is there at once."""
    with whole_box() as station, Feed(lambda: full_station.show(station), fps=4):
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(station.url)
        log_in(page)
        addresses = full_station.fill(station)
        page.goto(station.url)
        # A protocol, so that there is something for the finish check to miss.
        ask(page, "POST", "/exam/finish", {"accepts_missing": True})
        ask(page, "POST", "/exam/start", {"pseudonym": "NC-0031", "protocol": "16", "is_new": True})
        full_station.show(station)
        station.session.capture()
        tour_of(browser, page, station.url, addresses, chosen)


def tour_of(browser: Browser, page: Page, url: str, addresses: Mapping[str, str], chosen: argparse.Namespace) -> None:
    """Every page, what opens over the live page, the live page between two exams, and the login."""
    tour = Tour(page, url, chosen)
    for name, path in addresses.items():
        tour.take(name.replace(" ", "-"), path)
    tour.take("finish-check", "/", lambda: page.press("body", "Control+Enter"))
    tour.take("keys", "/", lambda: page.keyboard.press("?"))
    page.goto(url)
    ask(page, "POST", "/exam/finish", {"accepts_missing": True})
    tour.take("start", "/")
    tour.take("to-validate", "/exams/?to-validate")
    Tour(browser.new_context(locale="en-GB").new_page(), url, chosen).take("login", "/login")


class Tour:
    """One browser's way through the pages."""

    def __init__(self, page: Page, url: str, chosen: argparse.Namespace) -> None:
        self._page, self._url, self._chosen = page, url, chosen

    def take(self, name: str, path: str, act: Callable[[], object] | None = None) -> None:
        """The page in each language, theme and width that was asked for; `act` opens what lies over it."""
        if self._chosen.pages and name not in self._chosen.pages:
            return
        for language, theme, width in self._each():
            cookies = {"nailfold_language": language, "nailfold_theme": theme}
            self._page.context.add_cookies(
                [{"name": one, "value": it, "url": self._url} for one, it in cookies.items()]
            )
            self._page.set_viewport_size(self._screen(width))
            self._page.goto(self._url + path)
            settle(self._page)
            if act is not None:
                act()
                self._page.wait_for_timeout(_SETTLE_MS)
            self._keep(self._chosen.folder / f"{name}-{language}-{theme}-{width}.png", width)

    def _each(self) -> Iterator[tuple[str, str, int]]:
        for language in self._chosen.languages:
            for theme in self._chosen.themes:
                for width in self._chosen.widths:
                    yield language, theme, width

    def _keep(self, path: Path, width: int) -> None:
        """The whole page: the screen is made as tall as what is scrolled on it, so that bars stand where they do."""
        height = int(self._page.evaluate("document.documentElement.scrollHeight"))
        screen = self._screen(width)
        if height > screen["height"]:
            self._page.set_viewport_size({"width": screen["width"], "height": min(height, TALLEST_PX)})
            self._page.wait_for_timeout(_SETTLE_MS)
        self._page.screenshot(path=path)

    def _screen(self, width: int) -> ViewportSize:
        """What a screen of this width holds at the chosen zoom."""
        zoom = self._chosen.zoom
        return {"width": width * 100 // zoom, "height": WIDTHS[width] * 100 // zoom}


def settle(page: Page) -> None:
    """Wait until the page shows what it came for."""
    page.wait_for_timeout(_SETTLE_MS)
    if page.query_selector("#live"):
        wait_until(page, "window.__nailfold?.screen().isOverlayShown", timeout_s=60)
    if page.query_selector("#report-sheet"):
        wait_until(page, "document.querySelector('#report-sheet').ariaBusy === 'false'", timeout_s=60)
        page.wait_for_timeout(_SETTLE_MS)


def lay_beside(before: Path, after: Path) -> None:
    """What differs between two tours, one picture beside the other."""
    folder = after / "beside"
    folder.mkdir(exist_ok=True)
    for path in sorted(after.glob("*.png")):
        if (before / path.name).exists() and (both := beside([Image.open(before / path.name), Image.open(path)])):
            both.save(folder / path.name)


def beside(pictures: Sequence[Image.Image]) -> Image.Image | None:
    """Both in one; None where they are the same."""
    left, right = (one.convert("RGB") for one in pictures)
    if left.size == right.size and ImageChops.difference(left, right).getbbox() is None:
        return None
    size = (left.width + _GAP_PX + right.width, max(left.height, right.height))
    both = Image.new("RGB", size, (255, 0, 255))
    both.paste(left, (0, 0))
    both.paste(right, (left.width + _GAP_PX, 0))
    return both


if __name__ == "__main__":
    main()
