"""What each role may do, over every route that there is."""

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from appliance.domain.account import Role
from tests.support.accounts import ADMINISTRATOR, OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from webui.auth.permissions import OPEN, ROLES, declared_role

NAMES = {Role.ADMINISTRATOR: ADMINISTRATOR, Role.PHYSICIAN: PHYSICIAN, Role.OPERATOR: OPERATOR}
SOME_ID = "0190a1b2-0000-7000-8000-0000000000ff"
# They end the session that the walk goes on with.
LEAVING = {"auth.logout", "session_api.log_out", "account.end_sessions", "account_api.end_sessions"}


def rules(station: PageStation) -> list[Rule]:
    return [rule for rule in station.app.url_map.iter_rules() if rule.endpoint != "static"]


def path_of(rule: Rule) -> str:
    """The rule's path with something for each of its variables."""
    values = {name: SOME_ID if "uuid:" in str(rule) else "1" for name in rule.arguments}
    path = str(rule)
    for part in path.split("/"):
        if part.startswith("<"):
            inner, _, rest = part[1:].partition(">")
            kind, _, name = inner.rpartition(":")
            value = SOME_ID if kind == "uuid" else "1" if kind in ("int", "float") else values[name]
            path = path.replace(part, value + rest)
    return path


def test_every_route_has_a_role_or_is_open_to_all(station: PageStation) -> None:
    forgotten = {
        rule.endpoint
        for rule in rules(station)
        if rule.endpoint not in OPEN and declared_role(station.app, rule.endpoint) is None
    }
    assert forgotten == set(), "give them a role in webui/auth/permissions.py"


def test_the_table_names_nothing_that_is_not_there(station: PageStation) -> None:
    endpoints = set(station.app.view_functions)
    groups = {endpoint.rpartition(".")[0] for endpoint in endpoints}
    assert set(ROLES) <= endpoints | groups
    assert endpoints >= OPEN


def test_every_route_that_is_not_open_refuses_a_stranger(station: PageStation, stranger: FlaskClient) -> None:
    for rule in rules(station):
        for method in sorted(rule.methods or ()):
            if rule.endpoint in OPEN or method == "OPTIONS":
                continue
            answer = stranger.open(path_of(rule), method=method)
            is_refused = answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login")
            assert is_refused, f"{method} {rule} answered a stranger with {answer.status_code}"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.PHYSICIAN])
def test_every_route_of_a_higher_role_answers_403(station: PageStation, role: Role) -> None:
    browser = log_in(station.app.test_client(), NAMES[role])
    checked = 0
    for rule in rules(station):
        needed = declared_role(station.app, rule.endpoint) or Role.ADMINISTRATOR
        if rule.endpoint in OPEN or role.includes(needed):
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            answer = browser.open(path_of(rule), method=method)
            assert answer.status_code == 403, f"{method} {rule} answered the {role.value} with {answer.status_code}"
            checked += 1
    assert checked >= 10


@pytest.mark.parametrize("role", list(Role))
def test_no_page_of_the_own_role_answers_403(station: PageStation, role: Role) -> None:
    browser = log_in(station.app.test_client(), NAMES[role])
    for rule in rules(station):
        needed = declared_role(station.app, rule.endpoint) or Role.ADMINISTRATOR
        if rule.endpoint in OPEN | LEAVING or not role.includes(needed) or "GET" not in (rule.methods or ()):
            continue
        with browser.get(path_of(rule)) as answer:
            assert answer.status_code not in (401, 403, 500), f"{rule} answered the {role.value} {answer.status_code}"


def test_an_operator_is_told_which_role_is_needed(station: PageStation) -> None:
    browser = log_in(station.app.test_client(), OPERATOR)
    answer = browser.get("/api/v1/accounts")
    assert answer.status_code == 403
    assert answer.json == {
        "error": {
            "message": "This needs the role administrator",
            "remedy": "Ask somebody with that role, or log in as them.",
        }
    }
    page = browser.get("/accounts/")
    assert page.status_code == 403
    assert "This needs the role administrator" in page.text
    assert 'href="/accounts/"' not in browser.get("/account/").text, "nor is it offered"
    assert 'href="/accounts/"' in log_in(station.app.test_client()).get("/account/").text


def test_a_new_role_holds_from_the_next_login(station: PageStation) -> None:
    browser, administrator = log_in(station.app.test_client(), OPERATOR), log_in(station.app.test_client())
    account = next(entry for entry in station.accounts.store.accounts() if entry.name == OPERATOR)
    answer = administrator.patch(f"/api/v1/accounts/{account.account_id}", json={"role": "administrator"})
    assert answer.status_code == 200
    assert browser.get("/").status_code == 302, "the old login has ended"
    assert log_in(browser, OPERATOR).get("/accounts/").status_code == 200
