"""A new box, accounts and passwords, over the pages and over the API."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.accounts.password_policy import require_good_password
from appliance.domain.account import Role
from appliance.domain.errors import AccountError
from tests.support.accounts import ADMINISTRATOR, FULL_NAMES, OPERATOR, PASSWORD
from tests.support.exam_parts import HeldClock
from tests.support.page_client import log_in, post_login, token_of
from tests.support.page_station import SECRETS, PageStation

NEW = "loops in a quiet row"


@pytest.fixture
def new_box() -> PageStation:
    return PageStation(is_new=True)


def set_up(browser: FlaskClient, **changes: str) -> TestResponse:
    fields = {"code": SECRETS.printed_code, "name": "ana", "full_name": "Ana Ruiz", "password": NEW, "again": NEW}
    return browser.post("/setup", data={**fields, "csrf_token": token_of(browser, "/setup"), **changes})


def account_id(station: PageStation, name: str) -> str:
    kept = station.accounts.store.by_name(name)
    assert kept is not None
    return kept.account.account_id


def actions(station: PageStation, name: str) -> list[tuple[str, str]]:
    return [(entry.actor, entry.action) for entry in station.journal.entries(f"account:{name}")]


@pytest.mark.parametrize("path", ["/", "/login", "/exams/", "/account/"])
def test_every_page_of_a_new_box_is_the_first_one(new_box: PageStation, path: str) -> None:
    assert new_box.app.test_client().get(path).headers["Location"] == "/setup"


def test_who_has_the_access_code_becomes_the_administrator_once(new_box: PageStation) -> None:
    browser = new_box.app.test_client()
    assert set_up(browser).status_code == 302
    assert browser.get("/accounts/").status_code == 200
    assert actions(new_box, "ana") == [("ana", "account.created")]
    again = new_box.app.test_client()
    assert again.get("/setup").headers["Location"] == "/login"
    data = {"code": SECRETS.printed_code, "name": "eve", "full_name": "Eve", "password": NEW, "again": NEW}
    again.post("/setup", data={**data, "csrf_token": token_of(again, "/login")})
    assert [account.name for account in new_box.accounts.store.accounts()] == ["ana"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"code": "AAAA-AAAA"}, 403, "not this station"),
        ({"again": "something else"}, 400, "not the same"),
        ({"name": "ana ruiz"}, 409, "cannot be a login name"),
        ({"full_name": " "}, 409, "cannot be a full name"),
        ({"password": "password12", "again": "password12"}, 409, "tried first"),
        ({"csrf_token": "forged"}, 400, "open for too long"),
    ],
)
def test_setup_is_refused_with_the_reason_and_keeps_what_was_typed(
    new_box: PageStation, changes: dict[str, str], status: int, words: str
) -> None:
    answer = set_up(new_box.app.test_client(), **changes)
    assert answer.status_code == status
    assert words in answer.text
    assert f'value="{changes.get("full_name", "Ana Ruiz")}"' in answer.text
    assert NEW not in answer.text, "but never the password"
    assert new_box.accounts.store.accounts() == ()


def test_guessing_the_access_code_has_to_wait(new_box: PageStation) -> None:
    browser = new_box.app.test_client()
    assert [set_up(browser, code="AAAA-AAAA").status_code for _ in range(5)] == [403] * 5
    assert set_up(browser).status_code == 429


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short one", "fewer than 10"),
        ("x" * 129, "more than 128"),
        ("aaaaaaaaaaaa", "pattern"),
        ("abcabcabcabc", "pattern"),
        ("1234567890", "pattern"),
        ("poiuytrewq", "pattern"),
        ("password2024!", "tried first"),
        ("P@ssw0rd!!!!!", "tried first"),
        ("Nailfold2026", "tried first"),
        ("qwerty123456", "tried first"),
        ("1q2w3e4r5t", "tried first"),
        ("ana.ruiz-1979", "your own name"),
        ("Ruiz in the woods", "your own name"),
    ],
)
def test_guessable_passwords_are_refused_with_the_reason(password: str, reason: str) -> None:
    with pytest.raises(AccountError, match=reason):
        require_good_password(password, ADMINISTRATOR, FULL_NAMES[ADMINISTRATOR])


def test_a_guessable_password_is_refused_by_page_and_api(client: FlaskClient) -> None:
    answer = client.post("/api/v1/account/password", json={"current": PASSWORD, "new": "password2024!"})
    assert answer.status_code == 409
    assert "tried first" in answer.json["error"]["message"]
    page = client.post("/account/password", data={"current": PASSWORD, "new": "aaaaaaaaaaaa", "again": "aaaaaaaaaaaa"})
    assert page.status_code == 409
    assert "pattern of keys" in page.text


@pytest.mark.parametrize(
    "password", [NEW, "zehn Finger ueber Öl", "correct-horse-stapler", "8f!Kd02-xx", "日本語のパスワード長い"]
)
def test_long_enough_passwords_of_any_characters_are_taken(password: str) -> None:
    require_good_password(password, ADMINISTRATOR, FULL_NAMES[ADMINISTRATOR])


def test_an_accented_letter_may_be_typed_on_any_keyboard(client: FlaskClient) -> None:
    client.post("/api/v1/account/password", json={"current": PASSWORD, "new": "caf\u00e9 au lait, sept heures"})
    other = client.application.test_client()
    assert post_login(other, ADMINISTRATOR, "cafe\u0301 au lait, sept heures").status_code == 302


def test_a_new_password_logs_out_every_other_browser_and_not_this_one(
    station: PageStation, client: FlaskClient
) -> None:
    other = log_in(station.app.test_client())
    data = {"current": PASSWORD, "new": NEW, "again": NEW}
    assert client.post("/account/password", data=data).headers["Location"] == "/account/?changed=yes"
    assert "logged out" in client.get("/account/?changed=yes").text
    assert other.get("/").status_code == 302
    assert post_login(other, ADMINISTRATOR, PASSWORD).status_code == 403
    assert post_login(other, ADMINISTRATOR, NEW).status_code == 302
    assert ("ana.ruiz", "account.password_changed") in actions(station, ADMINISTRATOR)


def test_a_stolen_browser_cannot_guess_the_password(client: FlaskClient) -> None:
    data = {"current": "wrong wrong", "new": NEW, "again": NEW}
    assert [client.post("/account/password", data=data).status_code for _ in range(5)] == [409] * 5
    assert client.post("/account/password", data={**data, "current": PASSWORD}).status_code == 429
    assert client.post("/account/password", data={**data, "again": "else"}).status_code == 400


def test_logging_out_everywhere(station: PageStation, client: FlaskClient) -> None:
    other = log_in(station.app.test_client())
    assert client.post("/account/end-sessions").headers["Location"] == "/login"
    assert [browser.get("/").status_code for browser in (client, other)] == [302, 302]


def test_a_new_account_begins_with_a_code_that_opens_only_its_password(
    station: PageStation, client: FlaskClient
) -> None:
    page = client.post("/accounts/", data={"name": "mei", "full_name": "Mei Lin", "role": "operator"})
    found = re.search(r'id="one-time-code">([A-Z0-9]{4}-[A-Z0-9]{4})<', page.text)
    assert found is not None
    assert found[1] not in client.get(f"/accounts/{account_id(station, 'mei')}").text, "it is shown once"
    mei = station.app.test_client()
    assert post_login(mei, "mei", found[1].lower()).status_code == 302
    assert mei.get("/").headers["Location"] == "/account/"
    assert mei.get("/api/v1/state").json["error"]["remedy"] == "Choose a password first."
    token = token_of(mei, "/account/")
    answer = mei.post("/account/password", data={"new": NEW, "again": NEW, "csrf_token": token})
    assert answer.status_code == 302
    assert mei.get("/").status_code == 200
    assert post_login(station.app.test_client(), "mei", found[1]).status_code == 403, "the code is spent"
    assert actions(station, "mei") == [
        (ADMINISTRATOR, "account.created"),
        ("mei", "account.logged_in"),
        ("mei", "account.password_changed"),
        ("mei", "account.login_refused"),
    ]


def test_a_code_expires() -> None:
    clock = HeldClock()
    station = PageStation(clock=clock)
    code = station.accounts.reset_password(ADMINISTRATOR, account_id(station, OPERATOR))
    clock.advance(72 * 3600 + 1)
    answer = post_login(station.app.test_client(), OPERATOR, code)
    assert answer.status_code == 403
    assert "has expired" in answer.text


def test_a_disabled_account_is_out_at_once_and_told_only_with_its_password(
    station: PageStation, client: FlaskClient
) -> None:
    mei = log_in(station.app.test_client(), OPERATOR)
    where = f"/accounts/{account_id(station, OPERATOR)}"
    assert client.post(where, data={"is_disabled": "yes"}).status_code == 302
    assert mei.get("/").status_code == 302
    assert "was disabled" in post_login(mei, OPERATOR, PASSWORD).text
    assert "do not belong together" in post_login(mei, OPERATOR, "wrong wrong").text
    client.post(where, data={"is_disabled": "no"})
    assert post_login(station.app.test_client(), OPERATOR, PASSWORD).status_code == 302


@pytest.mark.parametrize("change", [{"role": "physician"}, {"is_disabled": True}])
def test_the_last_administrator_cannot_shut_everybody_out(
    station: PageStation, client: FlaskClient, change: dict[str, object]
) -> None:
    answer = client.patch(f"/api/v1/accounts/{account_id(station, ADMINISTRATOR)}", json=change)
    assert answer.status_code == 409
    assert answer.json["error"]["message"] == "ana.ruiz is the last administrator of this box"
    form = {"role": "physician", "full_name": "Ana"} if "role" in change else {"is_disabled": "yes"}
    page = client.post(f"/accounts/{account_id(station, ADMINISTRATOR)}", data=form)
    assert "is the last administrator of this box" in page.text
    assert client.get("/accounts/").status_code == 200


def test_a_change_of_role_is_in_the_journal_with_both(station: PageStation, client: FlaskClient) -> None:
    where = f"/accounts/{account_id(station, OPERATOR)}"
    client.post(where, data={"role": "physician", "full_name": "Mei  Ng"})
    entry = station.journal.entries(f"account:{OPERATOR}")[-1]
    assert (entry.actor, entry.action) == (ADMINISTRATOR, "account.changed")
    assert entry.detail == {"role": {"old": "operator", "new": "physician"}}
    assert "operator → physician" in client.get(where).text


def test_a_reset_password_ends_the_sessions(station: PageStation, client: FlaskClient) -> None:
    mei = log_in(station.app.test_client(), OPERATOR)
    answer = client.post(f"/api/v1/accounts/{account_id(station, OPERATOR)}/reset-password")
    assert mei.get("/").status_code == 302
    assert post_login(mei, OPERATOR, PASSWORD).status_code == 403
    assert post_login(mei, OPERATOR, answer.json["one_time_code"]).status_code == 302


@pytest.mark.parametrize(
    "body",
    [{"name": "ana.ruiz", "full_name": "A", "role": "operator"}, {"name": "Ä", "full_name": "A", "role": "operator"}],
)
def test_an_unfit_or_taken_name_is_refused(client: FlaskClient, body: dict[str, str]) -> None:
    assert client.post("/api/v1/accounts", json=body).status_code == 409
    page = client.post("/accounts/", data=body)
    assert page.status_code == 409
    assert 'id="problem"' in page.text


def test_a_program_logs_in_works_and_logs_out(station: PageStation) -> None:
    program = station.app.test_client()
    session = program.get("/api/v1/session").json
    assert (session["account"], session["is_set_up"]) == (None, True)
    headers = {"X-CSRFToken": session["csrf_token"]}
    wrong = program.post("/api/v1/session", json={"name": OPERATOR, "password": "wrong wrong"}, headers=headers)
    assert wrong.status_code == 403
    right = program.post("/api/v1/session", json={"name": OPERATOR, "password": PASSWORD}, headers=headers)
    assert right.json["account"]["role"] == "operator"
    stale = program.post("/api/v1/exam/start", json={"pseudonym": "NC-1", "is_new": True}, headers=headers)
    assert stale.status_code == 400, "the token of before the login"
    headers = {"X-CSRFToken": right.json["csrf_token"]}
    assert (
        program.post("/api/v1/exam/start", json={"pseudonym": "NC-1", "is_new": True}, headers=headers).status_code
        == 200
    )
    assert program.delete("/api/v1/session", headers=headers).json["account"] is None
    assert program.get("/api/v1/state").status_code == 401


def test_a_program_sets_a_new_box_up(new_box: PageStation) -> None:
    program = new_box.app.test_client()
    session = program.get("/api/v1/session").json
    assert session["is_set_up"] is False
    body = {"code": SECRETS.access_code, "name": "ana", "full_name": "Ana Ruiz", "password": NEW}
    answer = program.post("/api/v1/setup", json=body, headers={"X-CSRFToken": session["csrf_token"]})
    assert answer.json["account"]["role"] == Role.ADMINISTRATOR.value
    headers = {"X-CSRFToken": answer.json["csrf_token"]}
    assert program.post("/api/v1/setup", json=body, headers=headers).status_code == 409
