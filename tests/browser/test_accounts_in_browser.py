"""A new box is set up and people log in, in a real browser, over HTTPS with the box's own certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from appliance.apps.station.certificate import StationCertificate
from tests.browser.chromium import log_in, wait_until
from tests.browser.conftest import OpenPage
from tests.support.accounts import OPERATOR
from tests.support.exam_parts import SystemClock
from tests.support.page_station import SECRETS, PageStation
from webui.auth.certificate import Certificate
from webui.settings import Tls, WebSettings

PASSWORD = "loops in a quiet row"


@pytest.fixture
def new_box(tmp_path: Path) -> Iterator[tuple[PageStation, Certificate]]:
    own = StationCertificate(WebSettings(port=0, tls=Tls.ON, first_delay_s=0.4), tmp_path / "tls", SystemClock())
    certificate = own.current
    assert certificate is not None
    with PageStation(own.web_settings, is_new=True, certificate=certificate) as station:
        yield station, certificate


def test_a_new_box_is_set_up_by_keyboard_and_shows_live_pictures_over_https(
    browser: Browser, new_box: tuple[PageStation, Certificate]
) -> None:
    station, certificate = new_box
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(station.url)
    assert page.url.endswith("/setup")
    for typed in (SECRETS.printed_code.lower(), "Dr. Ana Ruiz", "ana.ruiz", PASSWORD, "Tab", PASSWORD):
        # The code's field has the focus; behind each password its button to show it.
        if typed == "Tab":
            page.keyboard.press("Tab")
            continue
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#live")
    wait_until(page, "window.__nailfold?.clock().isKnown")
    page.click("a[href='/account/']")
    page.click("text=About this box")
    assert page.inner_text("#fingerprint").replace(" ", ":") == certificate.fingerprint
    assert page.locator("text=encrypted (HTTPS)").is_visible()
    page.click("form[action='/logout'] button")
    page.wait_for_url("**/login")
    log_in(page, "ana.ruiz", PASSWORD)
    page.wait_for_selector("#live")
    context.close()


def test_after_five_wrong_passwords_the_page_counts_down_and_lets_the_right_one_in(
    browser: Browser, station: PageStation
) -> None:
    page = browser.new_page()
    page.goto(f"{station.url}/login")
    for _ in range(5):
        page.fill("#name", "ana.ruiz")
        page.fill("#password", "wrong wrong wrong")
        page.click("button.primary")
        page.wait_for_selector("#problem")
    assert page.inner_text(".wait").startswith("Next try in")
    assert page.is_disabled("button.primary")
    wait_until(page, "!document.querySelector('button.primary').disabled")
    assert page.is_hidden(".wait")
    log_in(page)
    page.wait_for_selector("#live")
    page.context.close()


def test_a_password_can_be_shown_and_is_hidden_again_before_it_is_sent(browser: Browser, station: PageStation) -> None:
    page = browser.new_page()
    page.goto(f"{station.url}/login")
    page.fill("#password", "wrong wrong wrong")
    page.click("[data-reveal=password]")
    assert page.get_attribute("#password", "type") == "text"
    assert page.inner_text("[data-reveal=password]") == "Hide"
    page.click("[data-reveal=password]")
    assert page.get_attribute("#password", "type") == "password"
    page.context.close()


def test_the_administrator_adds_somebody_who_then_chooses_a_password(
    browser: Browser, open_page: OpenPage, station: PageStation
) -> None:
    page = open_page(path="/accounts/")
    page.fill("#full_name", "Luz Ortega")
    page.fill("#name", "luz")
    page.select_option("#role", "physician")
    page.press("#name", "Enter")
    code = page.inner_text("#one-time-code")
    hers = browser.new_page()
    hers.goto(station.url)
    log_in(hers, "luz", code.lower())
    assert hers.url.endswith("/account/")
    hers.fill("#new", PASSWORD)
    hers.fill("#again", PASSWORD)
    hers.press("#again", "Enter")
    hers.wait_for_selector("text=Your password was changed")
    hers.goto(station.url)
    hers.wait_for_selector("#live")
    hers.context.close()


def test_logging_out_elsewhere_ends_the_live_picture(open_page: OpenPage, station: PageStation) -> None:
    page = open_page(name=OPERATOR)
    wait_until(page, "window.__nailfold.clock().isKnown")
    kept = station.accounts.store.by_name(OPERATOR)
    assert kept is not None
    station.accounts.end_sessions("ana.ruiz", kept.account.account_id)
    page.wait_for_url("**/login**", timeout=12_000)
