"""The first page asks for the time zone, and an administrator changes it later."""

import pytest

from tests.support.accounts import ADMINISTRATOR, OPERATOR
from tests.support.page_client import log_in, token_of
from tests.support.page_station import SECRETS, PageStation
from tests.support.zones import Zones

NEW = "small vessels tell"


@pytest.mark.parametrize(
    ("zone", "kept"), [("Europe/Madrid", "Europe/Madrid"), ("Europe/Atlantis", "UTC"), ("", "UTC")]
)
def test_the_first_page_sets_it(zone: str, kept: str) -> None:
    zones = Zones()
    browser = PageStation(is_new=True, time_zone=zones).app.test_client()
    fields = {"code": SECRETS.printed_code, "name": "ana", "full_name": "Ana Ruiz", "password": NEW, "again": NEW}
    page = browser.get("/setup").text
    assert "America/Bogota" in page
    assert "data-browser-zone" in page
    answer = browser.post("/setup", data={**fields, "csrf_token": token_of(browser, "/setup"), "time_zone": zone})
    assert (answer.status_code, zones.name) == (302, kept)


def test_who_lacks_the_two_words_changes_nothing_and_finds_the_choice_again() -> None:
    zones = Zones()
    browser = PageStation(is_new=True, time_zone=zones).app.test_client()
    fields = {"code": "maple-otter", "name": "ana", "full_name": "Ana Ruiz", "password": NEW, "again": NEW}
    token = token_of(browser, "/setup")
    answer = browser.post("/setup", data={**fields, "csrf_token": token, "time_zone": "Europe/Madrid"})
    assert (answer.status_code, zones.name) == (403, "UTC")
    assert '<option value="Europe/Madrid" selected>' in answer.text
    assert "data-browser-zone" not in answer.text


def test_an_administrator_changes_it_by_name() -> None:
    zones = Zones()
    station = PageStation(time_zone=zones)
    browser = log_in(station.app.test_client())
    data = {"csrf_token": token_of(browser, "/settings"), "time_zone": "Europe/Madrid"}
    assert browser.post("/settings/time-zone", data=data).headers["Location"] == "/settings"
    assert (zones.name, zones.chosen_by) == ("Europe/Madrid", ADMINISTRATOR)
    assert browser.post("/settings/time-zone", data={**data, "time_zone": "Atlantis"}).status_code == 400
    assert zones.name == "Europe/Madrid"


def test_others_do_not_change_it() -> None:
    zones = Zones()
    browser = log_in(PageStation(time_zone=zones).app.test_client(), OPERATOR)
    data = {"csrf_token": token_of(browser, "/"), "time_zone": "Europe/Madrid"}
    assert browser.post("/settings/time-zone", data=data).status_code == 403
    assert zones.name == "UTC"
