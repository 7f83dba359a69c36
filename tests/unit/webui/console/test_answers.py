"""What the console answers to requests that fit nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.apps.fleet_server.console import Console
from appliance.apps.fleet_server.database import FleetDatabase
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
