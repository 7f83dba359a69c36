"""The fleet's console in a real browser, with 200 boxes of which three need a person."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.chromium import log_in
from tests.support.full_fleet import OPERATOR, PASSWORD, FullFleet

DESKTOP, PHONE = (1440, 900), (390, 844)
PAGES = (
    "/",
    "/site/clinic-07",
    "/box/clinic-07/box-2",
    "/box/clinic-01/box-1",
    "/jobs",
    "/rollouts",
    "/results?since=2026-09-07",
    "/accounts",
    "/password",
    "/box/nobody/nowhere",
)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullFleet]:
    with FullFleet(tmp_path_factory.mktemp("fleet")) as running:
        yield running


@pytest.fixture(scope="module")
def login(browser: Browser, fleet: FullFleet) -> Any:
    """A browser's cookies after logging in: once, because that is made slow on purpose."""
    page = browser.new_context().new_page()
    page.goto(fleet.url)
    log_in(page, OPERATOR, PASSWORD)
    return page.context.storage_state()


@pytest.fixture
def entered(browser: Browser, fleet: FullFleet, login: Any) -> Iterator[Callable[..., Page]]:
    contexts = []

    def enter(width: int = 1440, height: int = 900, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, storage_state=login, **more)
        contexts.append(context)
        page = context.new_page()
        page.goto(fleet.url)
        return page

    yield enter
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("size", "theme", "locale"), [(DESKTOP, "light", "en-GB"), (PHONE, "dark", "de-DE")], ids=["desktop", "phone"]
)
def test_every_page_is_accessible_and_never_wider_than_the_screen(
    entered: Callable[..., Page], fleet: FullFleet, size: tuple[int, int], theme: str, locale: str
) -> None:
    page = entered(*size, color_scheme=theme, locale=locale)
    for path in PAGES:
        page.goto(fleet.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate("document.querySelector('nav').scrollWidth <= innerWidth"), path
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_three_boxes_that_need_a_person_stand_first_and_say_why(entered: Callable[..., Page]) -> None:
    page = entered()
    assert page.locator("h1").inner_text() == "3 need a person"
    cards = page.locator(".card").all_inner_texts()
    assert [text.splitlines()[0] for text in cards] == ["clinic-07/box-2", "clinic-23/box-4", "clinic-31/box-1"]
    assert "disk almost full for 3 h" in cards[0]
    assert "away too long for 2 d" in cards[1]
    assert "another device has its name" in cards[2]
    assert page.locator(".dot").count() == 200
    with page.expect_navigation():
        page.click("text=clinic-07/box-2")
    assert "widths are shifted by +8.0%" in page.locator("main").inner_text()
    assert "exam.best_of_s" in page.locator("main").inner_text()


def test_rollout_shows_its_groups_and_can_be_paused(entered: Callable[..., Page], fleet: FullFleet) -> None:
    page = entered()
    with page.expect_navigation():
        page.click("nav >> text=Rollouts")
    shown = page.locator(".rollout").inner_text()
    assert "8 % failed, 5 % allowed" in shown
    assert "Group 1 20 boxes" in shown
    assert "180 not begun" in shown
    assert "widths are shifted by +8.0%" in shown, "why, without a further page"
    widths = [float(one.get_attribute("width") or 0) for one in page.locator(".bar >> nth=0").locator("rect").all()]
    assert sum(widths) == 20
    page.click("summary")
    commands = page.locator("code").all_inner_texts()
    assert all(fleet.rollout_id in one for one in commands)
    assert "rollout back" in commands[1]
    with page.expect_navigation():
        page.click("text=Pause")
    assert "paused" in page.locator(".rollout h2").inner_text()
    with page.expect_navigation():
        page.click("text=Let it go on")
    assert "paused" not in page.locator(".rollout h2").inner_text()


def test_failed_jobs_are_one_click_away(entered: Callable[..., Page], fleet: FullFleet) -> None:
    page = entered()
    with page.expect_navigation():
        page.click("nav >> text=Jobs")
    assert page.locator("tbody tr").count() == 23
    with page.expect_navigation():
        page.click(".choices >> text=Failed")
    rows = page.locator("tbody tr").all_inner_texts()
    assert len(rows) == 2
    assert all("engines-2" in row and "failed" in row for row in rows)


def test_box_page_keeps_what_is_wanted_apart_from_what_is_true(entered: Callable[..., Page], fleet: FullFleet) -> None:
    page = entered()
    page.goto(f"{fleet.url}/box/clinic-07/box-2")
    facts = page.locator("section[aria-labelledby=updates] dl div").all_inner_texts()
    assert [one.split("\n")[-1] for one in facts[1:]] == ["engines-2", *3 * ["\N{EN DASH}"]]
    assert "failed" in facts[0]


def test_results_are_found_by_site_box_and_day_and_drawn_over_time(
    entered: Callable[..., Page], fleet: FullFleet
) -> None:
    page = entered()
    page.goto(f"{fleet.url}/results")
    assert page.locator("tbody tr").count() == 151
    assert page.locator(".over-time").first.locator("circle").count() == 151
    page.select_option("#site", "clinic-07")
    page.press("#site", "Tab")
    with page.expect_navigation():
        page.click("text=Show")
    page.select_option("#box", "box-2")
    page.fill("#since", "2026-09-02")
    page.fill("#until", "2026-09-03")
    with page.expect_navigation():
        page.click("text=Show")
    # An exam an hour from the first of September, 8:00 on.
    assert page.locator("tbody tr").count() == 48
    assert "48 exams, median" in page.locator(".over-time").first.inner_text()


def test_drift_of_a_boxs_networks_stands_on_the_first_page_and_is_drawn_on_the_boxs(
    entered: Callable[..., Page], fleet: FullFleet
) -> None:
    page = entered()
    assert "widths have drifted" in page.locator(".card").first.inner_text()
    page.goto(f"{fleet.url}/box/clinic-07/box-2")
    width = page.locator(".model.bad")
    assert width.count() == 1
    assert "Apical width" in width.inner_text()
    assert "drifted" in width.inner_text()
    assert width.locator("path.reference").count() == width.locator("path.current").count() == 1
    page.goto(f"{fleet.url}/box/clinic-01/box-1")
    assert "Compared once there are 100 and 50 exams" in page.locator(".model").first.inner_text()


def test_map_leads_to_a_site_which_an_operator_names_and_places(entered: Callable[..., Page], fleet: FullFleet) -> None:
    page = entered()
    assert page.locator(".map a").count() == 38
    assert page.locator(".map circle.bad").count() == 3
    page.click(".map a:has-text('Graz') >> nth=0", force=True)
    page.wait_for_url("**/site/clinic-*")
    page.goto(f"{fleet.url}/site/clinic-40")
    assert page.locator("h1").inner_text() == "clinic-40"
    page.fill("#title", "Rheumatology, Tartu")
    page.fill("#latitude", "58,38")
    with page.expect_navigation():
        page.press("#latitude", "Enter")
    assert "is no place" in page.locator(".problem").inner_text()
    page.fill("#title", "Rheumatology, Tartu")
    page.fill("#latitude", "58,38")
    page.fill("#longitude", "26.72")
    with page.expect_navigation():
        page.press("#longitude", "Enter")
    page.wait_for_selector("h1:has-text('Rheumatology, Tartu')")
    page.goto(fleet.url)
    assert page.locator(".map a").count() == 39


def test_boxes_are_found_by_what_they_need_and_by_the_name_of_their_site(entered: Callable[..., Page]) -> None:
    page = entered()
    page.select_option("#show", "offline")
    with page.expect_navigation():
        page.press("#q", "Enter")
    assert page.locator("tbody tr").count() == 2
    page.select_option("#show", "all")
    page.fill("#q", "bologna")
    with page.expect_navigation():
        page.press("#q", "Enter")
    assert set(page.locator("tbody th").all_inner_texts()) == {
        f"clinic-{site}/box-{box}" for site in (13, 38) for box in range(1, 6)
    }


def test_viewer_chooses_a_password_sees_everything_and_changes_nothing(browser: Browser, fleet: FullFleet) -> None:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(fleet.url)
    log_in(page, "vera", fleet.viewer_code)
    page.goto(f"{fleet.url}/jobs")
    assert page.url.endswith("/password"), "nothing before the password"
    page.fill("#new", "seven grey geese over a pond")
    with page.expect_navigation():
        page.press("#new", "Enter")
    page.wait_for_selector(".card")
    assert page.locator("nav >> text=Accounts").count() == 0
    token = page.locator("[name=csrf_token]").first.input_value()
    for path in ("/site/clinic-01", f"/rollouts/{fleet.rollout_id}/pause", "/accounts"):
        form = {"csrf_token": token, "is_paused": "1", "title": "x", "name": "x", "full_name": "x", "role": "viewer"}
        assert page.request.post(fleet.url + path, form=form).status == 403, path
    assert page.request.get(f"{fleet.url}/accounts").status == 403
    page.goto(f"{fleet.url}/rollouts")
    assert page.locator(".rollout button").count() == 0
    page.context.close()


def test_administrator_adds_an_account_changes_its_role_and_cannot_lock_everybody_out(
    entered: Callable[..., Page], fleet: FullFleet
) -> None:
    page = entered()
    with page.expect_navigation():
        page.click("nav >> text=Accounts")
    page.fill("#name", "otto")
    page.fill("#full_name", "Otto Berg")
    page.select_option("#role", "operator")
    with page.expect_navigation():
        page.press("#full_name", "Enter")
    page.wait_for_selector(".code")
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", page.locator(".code").inner_text())
    own = page.locator(".person:has-text('Eva Lang')")
    own.locator("select").select_option("viewer")
    with page.expect_navigation():
        own.locator("button:has-text('Save')").click()
    assert "last administrator" in page.locator(".problem").inner_text()
    other = page.locator(".person:has-text('Otto Berg')")
    assert other.locator("select").input_value() == "operator"
    other.locator("select").select_option("viewer")
    with page.expect_navigation():
        other.locator("button:has-text('Save')").click()
    page.wait_for_selector(".people")
    assert page.locator(".person:has-text('Otto Berg') select").input_value() == "viewer"


def test_nothing_is_shown_without_a_login_and_wrong_passwords_wait(browser: Browser, fleet: FullFleet) -> None:
    page = browser.new_context().new_page()
    for path in PAGES:
        page.goto(fleet.url + path)
        assert page.url.endswith("/login"), path
    for _ in range(7):
        page.fill("#name", OPERATOR)
        page.fill("#password", "guessed")
        with page.expect_navigation():
            page.press("#password", "Enter")
        page.wait_for_selector(".problem")
    assert page.request.post(f"{fleet.url}/logout").status == 400, "a form of another site"
    page.context.close()


def test_whole_console_can_be_walked_by_keyboard(entered: Callable[..., Page]) -> None:
    page = entered()
    reached = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText.trim()"))
    assert {"Boxes", "Jobs", "Results", "Log out", "clinic-07/box-2"} <= reached


def test_database_that_is_away_is_said_and_no_old_figure_is_shown(browser: Browser, tmp_path: Path) -> None:
    with FullFleet(tmp_path, boxes_a_site=1) as fleet:
        page = browser.new_context().new_page()
        page.goto(fleet.url)
        log_in(page, OPERATOR, PASSWORD)
        fleet.stop_database()
        page.reload()
        assert page.locator("h1").inner_text() == "That did not work"
        assert "read the boxes" in page.locator(".problem").inner_text()
        page.context.close()


def test_page_renews_itself_keeps_the_focus_and_says_when_it_cannot(browser: Browser, tmp_path: Path) -> None:
    with FullFleet(tmp_path, boxes_a_site=1) as fleet:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.clock.install()
        page.goto(fleet.url)
        log_in(page, OPERATOR, PASSWORD)
        page.focus("text=clinic-31/box-1 >> nth=0")
        before = page.locator(".as-of").inner_text()
        page.clock.run_for(31_000)
        page.wait_for_function("before => document.querySelector('.as-of').innerText !== before", arg=before)
        assert page.evaluate("document.activeElement.innerText") == "clinic-31/box-1"
        page.goto(f"{fleet.url}/rollouts")
        page.click("summary")
        before = page.locator(".as-of").inner_text()
        page.clock.run_for(31_000)
        page.wait_for_function("before => document.querySelector('.as-of').innerText !== before", arg=before)
        assert page.locator("details[open]").count() == 1, "what was opened stays open"
        page.route("**/*", lambda route: route.abort())
        page.clock.run_for(31_000)
        page.wait_for_selector(".as-of.problem")
        assert "does not answer" in page.locator(".as-of").inner_text()
        page.context.close()
