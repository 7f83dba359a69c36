"""The layer "Vessels" of the review, switched by keyboard and by its button in a real Chromium."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.browser.chromium import log_in, wait_until
from tests.support.accounts import PHYSICIAN
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam

LAYER = "window.__review.board.vessels"
AT = (60, 150)
"""A place inside of the band, in the picture's pixels, where no finding lies."""


def band(image_rgb: NDArray[np.uint8], um_per_px: float | None, loop_widths_px: Sequence[float]) -> NDArray[np.float32]:
    """Takes a band at the left of every still for vessel."""
    chance = np.zeros(image_rgb.shape[:2], np.float32)
    chance[100:190, 5:115] = 1.0
    return chance


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    faults: list[str] = []
    with PageStation(find_vessels=band) as station:
        exam = finished_exam(station.store)
        opened = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.goto(f"{station.url}/exams/{exam.exam_id}/images/{exam.images[0].image_id}/review")
        log_in(opened, PHYSICIAN)
        wait_until(opened, "document.querySelector('#review')?.dataset.ready === 'true'")
        yield opened
        opened.context.close()
    assert faults == []


def colour(page: Page) -> list[int]:
    """What is drawn over the picture at that place: red, green, blue and how much of it."""
    place = page.evaluate(f"window.__review.board.clientPoint({list(AT)})")
    read = """([x, y]) => {
        const canvas = document.querySelectorAll("#board canvas")[1];
        const {left, top, width} = canvas.getBoundingClientRect();
        const scale = canvas.width / width;
        return [...canvas.getContext("2d").getImageData((x - left) * scale, (y - top) * scale, 1, 1).data];
    }"""
    return list(page.evaluate(read, place))


def test_the_layer_is_off_until_it_is_asked_for_and_says_what_it_is(page: Page) -> None:
    assert page.evaluate(LAYER) is None
    assert page.is_hidden("#vessels-shown")
    assert colour(page)[3] == 0
    page.keyboard.press("9")
    wait_until(page, f"{LAYER} !== null")
    page.wait_for_timeout(100)
    red, green, blue, alpha = colour(page)
    assert alpha > 20
    assert min(red, green) > 2 * blue
    assert page.get_attribute('[data-command="vessels"]', "aria-pressed") == "true"
    assert "Nothing is measured from it" in page.inner_text("#vessels-shown")
    page.click('[data-command="vessels"]')
    page.wait_for_timeout(100)
    assert colour(page)[3] == 0
    assert page.is_hidden("#vessels-shown")


def test_a_fault_of_the_station_leaves_the_layer_off(page: Page) -> None:
    fault = {"error": {"message": "the vessels weights are others", "remedy": "Install the software again."}}
    page.route("**/vessels", lambda route: route.fulfill(status=503, json=fault))
    page.keyboard.press("9")
    wait_until(page, "document.querySelector('[data-command=\"vessels\"]').getAttribute('aria-pressed') === 'false'")
    assert page.is_hidden("#vessels-shown")
    assert page.evaluate(LAYER) is None
    assert "Install the software again." in page.inner_text("body")
