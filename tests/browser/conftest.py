"""A real Chromium and a real server; pictures of known colours with boxes at known places."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology
from tests.browser.chromium import ARGUMENTS, executable, log_in, slow_down, wait_until
from tests.support.accounts import ADMINISTRATOR
from tests.support.exam_parts import shown_frame
from tests.support.page_station import PageStation
from webui.settings import WebSettings

WIDTH, HEIGHT = 640, 480
SLOWNESS = os.environ.get("NAILFOLD_SLOW_PAGES")
"""Milliseconds that each answer takes longer: a test that reads a page before it has come fails then, not one day."""
OpenPage = Callable[..., Page]
PATIENT = WebSettings(port=0, first_delay_s=0.4, overlay_stale_ms=60_000, picture_stale_ms=90_000)
"""What a test is not about, a busy computer must not change: pictures of these stations stay fresh."""


# Not for the whole session: playwright's loop would still run in this thread when other folders' tests start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        if SLOWNESS:
            slow_down(running, int(SLOWNESS))
        yield running
        running.close()


@pytest.fixture
def station(request: pytest.FixtureRequest) -> Iterator[PageStation]:
    """With settings of its own where the test names them: `parametrize("station", [...], indirect=True)`."""
    with PageStation(getattr(request, "param", PATIENT)) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, station: PageStation) -> Iterator[OpenPage]:
    """Opens a live page of a given size, with an account; faults in the page's own code fail the test."""
    pages: list[Page] = []
    faults: list[str] = []

    def open_one(width: int = 1280, height: int = 800, path: str = "/", name: str = ADMINISTRATOR) -> Page:
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(station.url + path)
        log_in(page, name)
        return page

    yield open_one
    for page in pages:
        page.context.close()
    assert faults == []


@pytest.fixture
def live_page(open_page: OpenPage) -> Page:
    """An unlocked live page that is connected and knows the station's clock."""
    page = open_page()
    wait_until(page, "window.__nailfold.clock().isKnown")
    return page


class Camera:
    """Shows plain grey pictures with one loop and one haemorrhage."""

    def __init__(self, station: PageStation) -> None:
        self._station = station

    def show(self, grey: int = 90, box_x: int = 100, captured_ago_s: float = 0.0) -> int:
        """One picture with a giant loop's box at x = box_x, y = 120, 60 x 200 pixels; returns its number."""
        image = np.full((HEIGHT, WIDTH, 3), grey, np.uint8)
        frame = self._station.next_frame(image, captured_ago_s)
        template = shown_frame(frame.seq, frame.captured_monotonic_s).analysis
        loop = replace(
            template.capillaries[0],
            bbox=BoundingBox(box_x, 120, 60, 200),
            apex_px=(box_x + 30, 122),
            morphology=Morphology.GIANT,
            apical=None,
        )
        analysis = replace(
            template,
            width_px=WIDTH,
            height_px=HEIGHT,
            um_per_px=None,
            calibration_id=None,
            capillaries=(loop,),
            haemorrhages=(HaemorrhageDetection(BoundingBox(500, 380, 40, 40), 0.8),),
        )
        self._station.show(frame, analysis)
        return frame.seq


@pytest.fixture
def camera(station: PageStation) -> Camera:
    return Camera(station)


# The colour of the canvas at a point of the 640 x 480 picture, in the same task as the last drawing.
PIXEL = """([x, y]) => {
    const canvas = document.querySelector("#canvas");
    const at = [x, y].map((value) => Math.round((value * canvas.width) / 640));
    return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
}"""
