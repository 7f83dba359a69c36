"""The browser speaks German: chosen on the account page, remembered, said by server and page alike."""

import re

from playwright.sync_api import Page

from tests.browser.chromium import start_exam, wait_until
from tests.browser.conftest import Camera, OpenPage
from tests.support.page_station import Feed, PageStation
from webui.localisation.catalogue import catalogue

GERMAN = catalogue("de")
MENU_FITS = "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('nav.tabs'))"

# Readings whose longest word is wider than what its column gives it, and the grid itself where it leaves the panel.
BROKEN_READINGS = """() => {
    const pen = document.createElement("canvas").getContext("2d");
    const grid = document.querySelector(".reading-grid");
    grid.querySelectorAll("[data-value]").forEach((value) => { value.textContent = "123.4"; });
    const broken = [...grid.querySelectorAll("dt .explain")].filter((label) => {
        const style = getComputedStyle(label);
        pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const longest = Math.max(...label.textContent.trim().split(/\\s+/).map((word) => pen.measureText(word).width));
        return label.getBoundingClientRect().width < longest - 1;
    });
    const leaves = grid.scrollWidth > grid.clientWidth + 1 ? ["the grid"] : [];
    return [...broken.map((label) => label.textContent.trim()), ...leaves];
}"""

# Tools that leave the picture's width, names of shapes that run into the next one, and zoom on a narrow picture.
CUT = """() => {
    const words = (one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return range.getBoundingClientRect();
    };
    const right = document.querySelector(".picture").getBoundingClientRect().right;
    const tools = [...document.querySelectorAll(".live .tools .tool")]
        .filter((one) => one.getBoundingClientRect().right > right);
    const shapes = [...document.querySelectorAll(".shapes dt")];
    const met = shapes.filter((one, at) => at > 0 && words(one).left < words(shapes[at - 1]).right + 1);
    const isNarrow = innerWidth <= 900;
    const zoom = [...document.querySelectorAll(".live-zoom")].filter((one) => isNarrow && one.checkVisibility());
    return [...tools, ...met, ...zoom].map((one) => one.textContent.trim() || one.className);
}"""


def test_german_chosen_on_the_account_page_is_spoken_on_every_page(open_page: OpenPage, camera: Camera) -> None:
    page = open_page(path="/account/")
    page.select_option("[data-language-switch]", "de")
    page.wait_for_selector("html[lang=de]")
    assert page.locator(".account-page h2").first.inner_text() == GERMAN["account"]["password"]

    def show() -> None:
        camera.show()

    with Feed(show, fps=8):
        do_exam(page)
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.title().startswith("Untersuchung NC-0042")
    assert GERMAN["figures"]["title"] in page.locator(".exam-figures h2").inner_text()
    assert re.search(r"\d\d\.\d\d\.\d{4}, \d\d:\d\d", page.locator("main").inner_text())


def do_exam(page: Page) -> None:
    """An exam of one picture on the live page, whose scripts speak German too; its own page is shown then."""
    page.click("nav.tabs a")
    wait_until(page, "window.__nailfold?.clock().isKnown")
    assert page.locator("html").get_attribute("lang") == "de"
    start_exam(page, "NC-0042")
    wait_until(page, "window.__nailfold.screen().isOverlayShown")
    page.click('[data-command="capture"]')
    page.wait_for_selector(".thumbnail img")
    # The words of the thumbnail's notice come from the TypeScript, those of the button from the template.
    assert "Aufgenommen: " in page.locator(".toast").first.inner_text()
    assert GERMAN["exam"]["finish"] in page.locator("#exam").inner_text()
    page.keyboard.press("Control+Enter")
    page.click(".toast >> text=Untersuchung öffnen")
    page.wait_for_selector(".still-canvas[data-drawn=true]")


def test_login_page_speaks_the_language_that_a_new_browser_asks_for(open_page: OpenPage) -> None:
    page = open_page()
    french = page.context.browser
    assert french is not None
    stranger = french.new_context(locale="fr-CA").new_page()
    stranger.goto(page.url)
    assert stranger.locator("h1").inner_text() == "Connexion"
    assert stranger.locator("[data-language-switch]").input_value() == "fr"
    stranger.select_option("[data-language-switch]", "es")
    stranger.wait_for_selector("html[lang=es]")
    assert stranger.locator("h1").inner_text() == "Iniciar sesión"
    stranger.context.close()


def test_pages_fit_a_phone_in_every_language(open_page: OpenPage, station: PageStation) -> None:
    page = open_page(360, 780, "/account/")
    for language in ("de", "fr", "es", "it", "en"):
        page.goto(f"{station.url}/account/")
        page.select_option("[data-language-switch]", language)
        page.wait_for_selector(f"html[lang={language}]")
        for path in ("/account/", "/", "/exams/", "/patients/", "/settings/backups/"):
            page.goto(station.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, (language, path)
            assert page.evaluate(MENU_FITS), (language, path)


def test_no_word_beside_a_live_value_is_broken_in_any_language(open_page: OpenPage, station: PageStation) -> None:
    page = open_page(path="/account/")
    for language in ("de", "fr", "es", "it", "en"):
        page.goto(f"{station.url}/account/")
        page.select_option("[data-language-switch]", language)
        page.wait_for_selector(f"html[lang={language}]")
        page.goto(station.url)
        for width, height in ((1440, 900), (1280, 800), (820, 1180), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(BROKEN_READINGS) == [], (language, width)
            assert page.evaluate(CUT) == [], (language, width)
