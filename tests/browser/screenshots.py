"""Pictures of the pages at the sizes that matter: python tests/browser/screenshots.py FOLDER [--docs]

With --docs only the two of the README are taken, small enough to be kept in docs/images.
"""

import argparse
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from engines.synthetic.live import LiveScene
from engines.synthetic.pattern import Pattern
from tests.browser.chromium import ARGUMENTS, executable, wait_until
from tests.support.page_station import SECRETS, Feed, KnownNailfold, PageStation

SIZES = {"desktop": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
SCENE = (1280, 960)
UM_PER_PX = 1.41


def main() -> None:
    """Take them all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--fps", type=float, default=8)
    chosen = arguments.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    scene = LiveScene(5, width=SCENE[0], height=SCENE[1], um_per_px=UM_PER_PX, pattern=Pattern.CLINIC)
    with PageStation() as station, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        nailfold = KnownNailfold(station, scene, UM_PER_PX, SCENE)
        for theme in ("dark", "light"):
            _login(browser, station, chosen.folder / f"login-{theme}.png", theme)
        with Feed(nailfold.step, chosen.fps):
            for name in SIZES:
                for theme in ("dark", "light"):
                    _live(browser, station, chosen.folder, name, theme)
        browser.close()


def open_page(browser: Browser, station: PageStation, size: tuple[int, int], theme: str) -> Page:
    """An unlocked page of the given size and colours."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, device_scale_factor=1)
    context.add_cookies([{"name": "nailfold_theme", "value": theme, "url": station.url}])
    page = context.new_page()
    page.goto(station.url)
    page.fill("#code", SECRETS.printed_code)
    page.click(".login-card button")
    wait_until(page, "window.__nailfold?.screen().isOverlayShown")
    return page


def _login(browser: Browser, station: PageStation, path: Path, theme: str) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    context.add_cookies([{"name": "nailfold_theme", "value": theme, "url": station.url}])
    page = context.new_page()
    page.goto(station.url)
    page.screenshot(path=path)
    context.close()


def _live(browser: Browser, station: PageStation, folder: Path, name: str, theme: str) -> None:
    page = open_page(browser, station, SIZES[name], theme)
    time.sleep(1.5)
    if station.session.snapshot().exam is None:
        page.screenshot(path=folder / f"{name}-{theme}-no-exam.png")
        page.fill("#pseudonym", "NC-0042")
        page.click("#exam-start button")
        for _ in range(5):
            page.click('[data-command="capture"]')
            page.wait_for_timeout(500)
    page.wait_for_timeout(500)
    page.screenshot(path=folder / f"{name}-{theme}.png")
    if name == "phone":
        page.screenshot(path=folder / f"{name}-{theme}-full.png", full_page=True)
    page.context.close()


if __name__ == "__main__":
    main()
