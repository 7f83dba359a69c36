"""Markup in what people typed, on the pages that write it by scripts of their own."""

from playwright.sync_api import Browser, Page

from tests.browser.chromium import log_in
from tests.support.full_station import show
from tests.support.hostile_texts import EVIL, MARK, fill_with_evil
from tests.support.page_station import Feed, PageStation

SCRIPTED = ("live", "exam", "review", "collection", "calibration")
WRITTEN_BY_SCRIPT = ("calibration",)


def test_no_script_of_a_page_takes_what_people_typed_for_its_own(browser: Browser) -> None:
    with PageStation() as station, Feed(lambda: show(station), fps=4):
        addresses = fill_with_evil(station)
        page = browser.new_context().new_page()
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
        page.goto(station.url)
        log_in(page)
        for name in SCRIPTED:
            page.goto(station.url + addresses[name], wait_until="load")
            if name in WRITTEN_BY_SCRIPT:
                page.wait_for_function("text => document.body.innerText.includes(text)", arg=EVIL)
            assert taken(page) == [], name
            assert page.evaluate("typeof s") == "undefined"
        assert refused == []
        page.context.close()


def taken(page: Page) -> list[str]:
    """Elements that somebody typed."""
    return list(page.evaluate(f"[...document.querySelectorAll('[{MARK}]')].map((one) => one.outerHTML)"))
