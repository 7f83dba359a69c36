"""What the console answers to requests that fit nothing."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.console import Console
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.site_store import SiteStore
from appliance.apps.system_clock import SystemClock
from tests.support.fleet_results import result
from tests.support.full_fleet import recorded
from tests.support.hostile_texts import EVIL, MARK
from webui.console.app import create_console
from webui.settings import WebSettings

NAME, PASSWORD = "eva", "a quiet lamp beside seven stones"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[FlaskClient]:
    """An administrator's."""
    database = FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3")
    with Console(tmp_path / "console", database) as console:
        console.accounts.set_up(NAME, "Eva Lang", PASSWORD)
        client = create_console(console.services, WebSettings()).test_client()
        token = form_token(client, "/login")
        client.post("/login", data={"name": NAME, "password": PASSWORD, "csrf_token": token})
        yield client
    database.close()


def form_token(client: FlaskClient, path: str) -> str:
    return client.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]


@pytest.mark.parametrize("account_id", ["0", "..", "A" * 200])
def test_an_account_that_is_not_there_is_not_found_and_no_fault_of_the_database(
    browser: FlaskClient, account_id: str
) -> None:
    answer = browser.post(f"/accounts/{account_id}/code", data={"csrf_token": form_token(browser, "/accounts")})

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/results?until=9999-12-31", "/results?since=9999-99-99", "/results?engine=%00"])
def test_a_question_that_has_no_answer_is_refused_in_words(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 400


def test_a_form_without_its_token_changes_nothing(browser: FlaskClient) -> None:
    assert browser.post("/accounts", data={"name": "vera", "full_name": "Vera", "role": "viewer"}).status_code == 400
    assert "vera" not in browser.get("/accounts").text


def test_markup_in_what_a_box_sends_is_shown_as_it_came(tmp_path: Path, browser: FlaskClient) -> None:
    whose, now_utc = ("clinic-1", "box-7"), SystemClock().now_utc()
    with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
        boxes = BoxStore(database)
        boxes.take_states(
            [(whose, {**recorded("nailfold.state-1"), "software": EVIL, "engines": {EVIL: EVIL}})], now_utc
        )
        boxes.take_report(
            whose, "shadow", {**recorded("nailfold.shadow-reported-1"), "refused": {"a.b": EVIL}}, now_utc
        )
        boxes.want(whose, {"a.b": 1}, EVIL, now_utc)
        SiteStore(database).keep("clinic-1", EVIL[:100], None, EVIL[:100], now_utc)
        ResultStore(database).keep([result(patient_pseudonym=EVIL[:64])], (), now_utc)
    shown = 0
    for path in ("/", "/site/clinic-1", "/box/clinic-1/box-7", "/results", "/jobs", "/rollouts"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert f"<b {MARK}" not in answer.text, path
        assert "1337" not in answer.text, path
        shown += f"<b {MARK}" in html.unescape(answer.text)
    assert shown >= 4
