"""Logging in: who gets in, who waits, and what a session survives."""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.accounts.account_service import Refusal
from appliance.accounts.passwords import COST, PasswordHashing
from tests.support.accounts import ADMINISTRATOR, OPERATOR, PASSWORD, new_account_service
from tests.support.exam_parts import HeldClock
from tests.support.page_client import log_in, post_login, token_of
from tests.support.page_station import PageStation
from webui.app import create_app
from webui.auth.sessions import Sessions
from webui.settings import WebSettings

COOKIE = "nailfold_session"


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return str(cookie.value)


def with_cookie(station: PageStation, value: str) -> FlaskClient:
    """Another browser that somehow came to that cookie."""
    browser = station.app.test_client()
    browser.set_cookie(COOKIE, value)
    return browser


def is_inside(browser: FlaskClient) -> bool:
    return browser.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/exams/", "/account/", "/accounts/", "/about", "/nowhere"])
def test_a_stranger_sees_only_the_login_page(stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/login?next={path}"


def test_a_stranger_is_refused_by_the_api_in_the_one_error_shape(stranger: FlaskClient) -> None:
    answer = stranger.get("/api/v1/state")
    assert answer.status_code == 401
    assert answer.json == {"error": {"message": "Nobody is logged in here", "remedy": "Log in."}}


@pytest.mark.parametrize("name", [ADMINISTRATOR, "Ana.Ruiz", " ANA.RUIZ "])
def test_name_is_taken_however_it_is_typed(stranger: FlaskClient, name: str) -> None:
    assert post_login(stranger, name, PASSWORD).status_code == 302
    assert is_inside(stranger)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ADMINISTRATOR, "large vessels tell"),
        (ADMINISTRATOR, PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("", ""),
        ("\x00", "\x00"),
    ],
)
def test_wrong_name_and_wrong_password_look_alike(stranger: FlaskClient, name: str, password: str) -> None:
    answer = post_login(stranger, name, password)
    assert answer.status_code == 403
    assert "That name and password do not belong together." in answer.text
    assert PASSWORD not in answer.text
    assert not is_inside(stranger)


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(station: PageStation) -> None:
    """In processor time, which other programs on this computer do not change."""
    service = new_account_service(station.journal, hashing=PasswordHashing(replace(COST, memory_cost=16 * 1024)))

    def seconds(name: str) -> float:
        began_s = time.process_time()
        assert service.prove(name, "large vessels tell").refusal is Refusal.WRONG
        return time.process_time() - began_s

    known, unknown = (statistics.median(seconds(name) for _ in range(7)) for name in (ADMINISTRATOR, "nobody"))
    assert known > 0.005, "the hash is worth its name"
    assert 0.5 < unknown / known < 2.0


def test_five_wrong_tries_lock_the_address_also_for_the_right_password(stranger: FlaskClient) -> None:
    tries = [post_login(stranger, f"guess{number}", "wrong wrong wrong") for number in range(5)]
    assert [answer.status_code for answer in tries] == [403] * 5
    assert [("data-wait" in answer.text) for answer in tries] == [False] * 4 + [True], "the wait is shown at once"
    answer = post_login(stranger, ADMINISTRATOR, PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert 'data-wait="1"' in answer.text
    assert not is_inside(stranger)


def try_from(station: PageStation, address: str, name: str, password: str, browser: FlaskClient | None = None) -> int:
    browser = browser or station.app.test_client()
    browser.environ_base["REMOTE_ADDR"] = address
    return post_login(browser, name, password).status_code


def test_no_number_of_guessing_addresses_keeps_an_account_from_its_owner(station: PageStation) -> None:
    for number in range(8):
        for _ in range(6):
            try_from(station, f"10.0.0.{number}", ADMINISTRATOR, "wrong wrong wrong")

    assert try_from(station, "10.0.0.99", ADMINISTRATOR.upper(), PASSWORD) == 302


def test_a_browser_that_logged_in_before_does_not_wait_for_guesses_from_its_address(station: PageStation) -> None:
    known = station.app.test_client()
    assert try_from(station, "10.0.0.1", ADMINISTRATOR, PASSWORD, known) == 302
    token_of(known, "/account/")
    known.delete_cookie(COOKIE)  # the session has ended
    for _ in range(6):
        try_from(station, "10.0.0.1", ADMINISTRATOR, "wrong wrong wrong")

    assert try_from(station, "10.0.0.1", ADMINISTRATOR, PASSWORD) == 429
    assert try_from(station, "10.0.0.1", OPERATOR, PASSWORD, known) == 429, "another account is not known there"
    assert try_from(station, "10.0.0.1", ADMINISTRATOR, PASSWORD, known) == 302


def test_a_stolen_browser_has_to_wait_for_its_own_guesses(station: PageStation) -> None:
    known = station.app.test_client()
    try_from(station, "10.0.0.1", ADMINISTRATOR, PASSWORD, known)
    known.delete_cookie(COOKIE)
    guesses = [try_from(station, f"10.0.1.{n}", ADMINISTRATOR, "wrong wrong wrong", known) for n in range(6)]

    assert guesses == [403] * 5 + [429]


@pytest.mark.parametrize("cookie", ["", "nonsense", "eyJpZCI6IngifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_made_up_device_is_unknown(station: PageStation, cookie: str) -> None:
    browser = station.app.test_client()
    browser.set_cookie("nailfold_device", cookie)
    guesses = [try_from(station, "10.0.0.1", ADMINISTRATOR, "wrong wrong wrong", browser) for _ in range(6)]

    assert guesses == [403] * 5 + [429]


def test_a_computer_with_many_ipv6_addresses_waits_like_one(station: PageStation) -> None:
    def attempt(address: str) -> int:
        browser = station.app.test_client()
        browser.environ_base["REMOTE_ADDR"] = address
        return post_login(browser, f"guess{address}", "wrong wrong wrong").status_code

    assert [attempt(f"fd00::{number}") for number in range(6)] == [403] * 5 + [429]
    assert attempt("fd00:0:0:1::1") == 403, "another network"


def test_after_the_wait_the_right_password_opens(stranger: FlaskClient) -> None:
    for _ in range(5):
        post_login(stranger, ADMINISTRATOR, "wrong wrong wrong")
    time.sleep(0.45)
    assert post_login(stranger, ADMINISTRATOR, PASSWORD).status_code == 302


def test_tries_are_in_the_journal_and_what_was_typed_is_not(station: PageStation, stranger: FlaskClient) -> None:
    post_login(stranger, PASSWORD, PASSWORD)
    for _ in range(4):
        post_login(stranger, ADMINISTRATOR, "wrong wrong wrong")
    time.sleep(0.45)
    post_login(stranger, ADMINISTRATOR, PASSWORD)
    entries = [(entry.actor, entry.action) for entry in station.journal.entries()]
    refused = [(ADMINISTRATOR, "account.login_refused")] * 3
    locked, entered = (ADMINISTRATOR, "account.locked_out"), (ADMINISTRATOR, "account.logged_in")
    assert entries == [("unknown", "account.login_refused"), *refused, locked, entered]
    assert station.journal.entries()[-1].detail == {"address": "127.0.0.1"}
    assert "vessels" not in str(station.journal.entries())
    assert "wrong wrong" not in str(station.journal.entries())


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"])
def test_login_never_leads_to_another_site(stranger: FlaskClient, target: str) -> None:
    data = {"name": ADMINISTRATOR, "password": PASSWORD, "csrf_token": token_of(stranger, "/login")}
    answer = stranger.post("/login", query_string={"next": target}, data=data)
    assert answer.headers["Location"] == "/"


def test_login_goes_back_to_the_page_that_was_asked_for(stranger: FlaskClient) -> None:
    where = stranger.get("/exams/?page=2").headers["Location"]
    answer = post_login(stranger, ADMINISTRATOR, PASSWORD, where)
    assert answer.headers["Location"] == "/exams/?page=2"


def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: FlaskClient) -> None:
    cookie = post_login(stranger, ADMINISTRATOR, PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_session_planted_before_the_login_is_worth_nothing_after_it(
    station: PageStation, stranger: FlaskClient
) -> None:
    planted_token = token_of(stranger, "/login")
    planted = cookie_of(stranger)
    victim = with_cookie(station, planted)
    assert (
        victim.post(
            "/login", data={"name": ADMINISTRATOR, "password": PASSWORD, "csrf_token": planted_token}
        ).status_code
        == 302
    )
    assert is_inside(victim)
    assert cookie_of(victim) != planted
    assert not is_inside(with_cookie(station, planted))
    assert victim.post("/logout", data={"csrf_token": planted_token}).status_code == 400, "its token is dead too"


def test_session_of_another_station_opens_nothing(client: FlaskClient) -> None:
    other = PageStation()
    other.app.config["SECRET_KEY"] = "5" * 64
    assert not is_inside(with_cookie(other, cookie_of(client)))


def test_login_outlives_a_restart_of_the_station(station: PageStation, client: FlaskClient) -> None:
    station.app = create_app(station.services, station.settings)
    assert is_inside(with_cookie(station, cookie_of(client)))


def test_logging_out_ends_copies_of_the_cookie_too_also_after_a_restart(
    station: PageStation, client: FlaskClient
) -> None:
    copy = cookie_of(client)
    assert client.post("/logout").headers["Location"] == "/login"
    assert not is_inside(client)
    assert not is_inside(with_cookie(station, copy))
    station.app = create_app(station.services, station.settings)
    assert not is_inside(with_cookie(station, copy))


def test_busy_session_ends_after_its_longest_time() -> None:
    clock = HeldClock()
    station = PageStation(WebSettings(port=0, session_longest_h=12), clock=clock)
    browser = log_in(station.app.test_client())
    clock.advance(12 * 3600 - 5)
    assert is_inside(browser)
    clock.advance(10)
    assert not is_inside(browser)


def test_idle_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    station = PageStation(WebSettings(port=0, session_idle_h=2))
    browser = log_in(station.app.test_client())
    now_s = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now_s + 2 * 3600 - 60)
    assert is_inside(browser), "and this visit prolongs it"
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now_s + 3 * 3600)
    assert is_inside(browser)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now_s + 5 * 3600 + 60)
    assert not is_inside(browser)


def test_only_what_somebody_does_prolongs_the_session(client: FlaskClient, take_picture: Callable[[], None]) -> None:
    assert COOKIE in client.get("/").headers.get("Set-Cookie", "")
    client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": True})
    take_picture()
    image = client.post("/api/v1/exam/capture")
    assert COOKIE in image.headers.get("Set-Cookie", "")
    exam_id = client.get("/api/v1/state").json["exam"]["exam_id"]
    for quiet in (
        f"/exams/{exam_id}/images/{image.json['captured']['image_id']}.png",
        "/static/icon.svg",
        "/api/v1/state",
    ):
        with client.get(quiet) as answer:
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "login", [None, 1, "x", [], {}, {"account": "1"}, {"id": None, "account": None, "generation": 0}]
)
def test_nonsense_in_a_session_is_nobody(station: PageStation, login: object) -> None:
    service = station.services.accounts
    assert Sessions(service.store, service.clock, timedelta(hours=1)).account_of(login) is None


def post_everywhere(browser: FlaskClient, path: str, **headers: str) -> TestResponse:
    return browser.post(path, data={"name": ADMINISTRATOR, "password": PASSWORD}, headers=headers)


@pytest.mark.parametrize(
    "path", ["/login", "/logout", "/accounts/", "/account/password", "/api/v1/session", "/api/v1/exam/start"]
)
def test_changes_without_the_pages_token_are_refused(client: FlaskClient, path: str) -> None:
    del client.environ_base["HTTP_X_CSRFTOKEN"]
    before = cookie_of(client)
    assert post_everywhere(client, path).status_code == 400
    assert is_inside(with_cookie_of(client, before))


def with_cookie_of(client: FlaskClient, value: str) -> FlaskClient:
    browser = client.application.test_client()
    browser.set_cookie(COOKIE, value)
    return browser


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_pages_of_other_sites_can_change_nothing_even_with_the_token(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert (
        client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": True}, headers=headers).status_code
        == 400
    )
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert (
        client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": True}, headers=own).status_code == 200
    )


def test_a_login_page_left_open_overnight_gets_another_try(stranger: FlaskClient) -> None:
    data = {"name": ADMINISTRATOR, "password": PASSWORD, "csrf_token": "of yesterday"}
    answer = stranger.post("/login", data=data)
    assert answer.status_code == 400
    assert f'value="{ADMINISTRATOR}"' in answer.text
    fresh = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert fresh is not None
    assert stranger.post("/login", data={**data, "csrf_token": fresh[1]}).status_code == 302
