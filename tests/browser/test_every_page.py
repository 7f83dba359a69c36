"""Every page of a station in use: accessible in both themes, never sideways, at 200 % too, usable by keyboard alone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Page, Request, Response

from tests.browser.chromium import log_in
from tests.support.full_station import fill, show
from tests.support.page_station import Feed, PageStation
from tests.support.whole_box import whole_box

WIDTHS = {"desktop": (1440, 900, 1), "tablet": (820, 1180, 1), "phone": (390, 844, 1), "200 %": (720, 450, 2)}
PAGES = (
    *(
        "live",
        "exams",
        "exam",
        "review",
        "report",
        "patients",
        "patient",
        "erase",
        "projects",
        "collections",
        "collection",
    ),
    *("calibration", "import", "accounts", "account of another", "account", "about", "settings", "board"),
    *("report settings", "files", "connections", "network", "backups", "journal", "error"),
)

# Clicked before axe looks: what is hidden at first.
OPENED = {
    "exams": "[data-choose-all]",
    "patients": "summary",
    "patient": "summary",
    "projects": '[data-folder-action="move"]',
    "collection": "summary",
    "connections": "#mqtt summary",
    "network": "summary",
    "journal": "td summary",
}

# What a person can reach with the tabulator: of a group of radio buttons the one, and no link around another one's box.
REACHABLE = """() => {
    const groups = new Set();
    const wanted = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    window.__reachable = wanted.filter((one) => {
        if (one.disabled || one.tabIndex < 0 || !one.checkVisibility({visibilityProperty: true})) return false;
        if (one.closest("fieldset:disabled, [inert]")) return false;
        if (one.type !== "radio") return true;
        const isFirst = !groups.has(one.name);
        groups.add(one.name);
        return isFirst;
    });
    // From the page's top, not from behind what has the focus at first.
    const top = document.createElement("span");
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove();
    window.__visited = [];
    // A live page without a fresh picture takes its buttons out of reach for as long.
    window.__out = new Set();
    new MutationObserver((changes) => changes.forEach(({target}) => window.__out.add(target)))
        .observe(document.body, {subtree: true, attributeFilter: ["disabled"]});
    document.addEventListener("focusin", ({target}) => window.__visited.push([target, isMarked(target)]));
    // Marked by an outline or a shadow: its own, or that of what stands for an invisible box.
    const isMarked = (one) => [one, one.nextElementSibling, one.closest("label")].some((shown) => {
        if (!shown) return false;
        const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(shown);
        return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    });
    // Day, month, year and calendar of a date are a stop each.
    return window.__reachable.length + 3 * window.__reachable.filter((one) => one.type === "date").length;
}"""
VISITED = """() => {
    const words = (one) => one.outerHTML.slice(0, 140), same = (one) => one.type === "radio" ? one.name : one;
    const seen = new Set(window.__visited.map(([one]) => same(one)));
    return {
        missed: window.__reachable.filter((one) => one.isConnected && !window.__out.has(one) && !seen.has(same(one)))
            .map(words),
        unmarked: window.__visited.filter(([one, isMarked]) => one.isConnected && !isMarked).map(([one]) => words(one)),
        twice: window.__visited.length - new Set(window.__visited.map(([one]) => one)).size,
    };
}"""
WIDER = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".table-scroll"))
    .map((one) => one.outerHTML.slice(0, 120)).slice(0, 4)"""
BEYOND_ITS_CARD = """() => [...document.querySelectorAll(".tag")]
    .filter((one) => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1)
    .map((one) => one.outerHTML.slice(0, 120)).slice(0, 4)"""


class Visitor:
    """An administrator's browser that notes whatever goes wrong on a page."""

    def __init__(self, page: Page, station: PageStation, addresses: dict[str, str]) -> None:
        self.page, self.station, self.addresses = page, station, addresses
        self.faults: list[str] = []
        self.expected_status = 200
        self._screen: CDPSession = page.context.new_cdp_session(page)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def open(self, name: str) -> Page:
        """The page, drawn."""
        self.page.goto("about:blank")
        self.faults.clear()
        self.expected_status = 404 if name == "error" else 200
        self.page.goto(self.station.url + self.addresses[name], wait_until="load")
        self.page.wait_for_timeout(400)
        return self.page

    def resize(self, width: int, height: int, scale: float) -> None:
        screen = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._screen.send("Emulation.setDeviceMetricsOverride", screen)
        self.page.wait_for_timeout(120)

    def _on_console(self, message: ConsoleMessage) -> None:
        is_the_page_itself = self.expected_status == 404 and "404" in message.text
        if message.type == "error" and not is_the_page_itself:
            self.faults.append(message.text)

    def _on_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # Aborted by leaving the page.
            self.faults.append(f"{request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status >= 400 and not (is_page and response.status == self.expected_status):
            self.faults.append(f"{response.url}: {response.status}")


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Visitor]:
    with whole_box() as station, Feed(lambda: show(station), fps=4):
        addresses = fill(station)
        assert set(addresses) == set(PAGES)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(station.url)
        log_in(page)
        yield Visitor(page, station, addresses)
        page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_at_every_size_accessible_and_usable_by_keyboard(visitor: Visitor, name: str) -> None:
    page = visitor.open(name)
    sideways = {size: wider for size, screen in WIDTHS.items() if (wider := sideways_at(visitor, *screen))}
    visitor.resize(1440, 900, 1)
    keyboard = tabbed(page)
    faults = [*visitor.faults]  # Before axe tries a style of its own on a shadow tree, which the page forbids.
    if name in OPENED:
        page.locator(OPENED[name]).first.click()
    assert (sideways, keyboard, faults, violations(page)) == ({}, {}, [], {})


@pytest.mark.parametrize("is_new", [False, True], ids=["login", "setup"])
def test_page_before_the_login_is_whole_and_accessible(browser: Browser, is_new: bool) -> None:
    with PageStation(is_new=is_new) as station:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        visitor = Visitor(page, station, {"first": "/"})
        visitor.open("first")
        sideways = {size: wider for size, screen in WIDTHS.items() if (wider := sideways_at(visitor, *screen))}
        visitor.resize(1440, 900, 1)
        assert (sideways, tabbed(page), visitor.faults, violations(page)) == ({}, {}, [], {})
        page.context.close()


def sideways_at(visitor: Visitor, width: int, height: int, scale: float) -> list[str]:
    """What sticks out where the page has to be scrolled sideways."""
    visitor.resize(width, height, scale)
    if visitor.page.evaluate("document.documentElement.scrollWidth") <= width:
        return list(visitor.page.evaluate(BEYOND_ITS_CARD))
    return [str(visitor.page.evaluate("document.documentElement.scrollWidth")), *visitor.page.evaluate(WIDER)]


def tabbed(page: Page) -> dict[str, object]:
    """What the tabulator misses, visits again before it has seen the rest, or visits without showing it."""
    for _ in range(page.evaluate(REACHABLE)):
        page.keyboard.press("Tab")
    return {key: found for key, found in page.evaluate(VISITED).items() if found}


def violations(page: Page) -> dict[str, list[str]]:
    """Serious and critical ones; everything in the dark theme, colours in the light one too."""
    found = Axe().run(page).response["violations"]
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.wait_for_timeout(250)
    found += Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return {one["id"]: [node["html"][:160] for node in one["nodes"]] for one in serious}
