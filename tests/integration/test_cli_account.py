"""`nailfold account`: the way back in for who is locked out."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.accounts.account_service import AccountService, Refusal
from appliance.apps.cli import main
from appliance.apps.system_clock import SystemClock
from appliance.domain.account import Account, KeptAccount, Role
from appliance.storage.account_store import SqliteAccountStore
from appliance.storage.database import Database
from appliance.storage.journal import SqliteJournal


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a station with one administrator, disabled by nobody's fault, and an operator."""
    (tmp_path / "exams").mkdir()
    database = Database(tmp_path / "exams/exams.sqlite3")
    store = SqliteAccountStore(database)
    store.add(KeptAccount(Account("1", "ana", "Dr. Ana Ruiz", Role.ADMINISTRATOR), "forgotten"))
    store.add(KeptAccount(Account("2", "mei", "Mei Ng", Role.OPERATOR), "known", session_generation=4))
    database.close()
    return tmp_path


def run(data: Path, *arguments: str) -> Result:
    (data / "site.toml").touch()
    return CliRunner().invoke(
        main, ["account", *arguments, "--data-dir", str(data), "--config", str(data / "site.toml")]
    )


def test_locked_out_administrator_gets_a_code_that_opens_the_account_and_the_journal_says_so(data: Path) -> None:
    answer = run(data, "reset-administrator")
    assert answer.exit_code == 0
    code = re.search(r"one-time code ([A-Z0-9]{4}-[A-Z0-9]{4})", answer.output)
    assert code is not None
    database, clock = Database(data / "exams/exams.sqlite3"), SystemClock()
    journal = SqliteJournal(database, clock.now_utc)
    service = AccountService(SqliteAccountStore(database), journal, clock)
    assert service.prove("ana", "AAAA-AAAA").refusal is Refusal.WRONG
    proof = service.prove("ana", code[1].lower())
    assert proof.kept is not None
    assert proof.kept.has_one_time_code
    assert [(entry.actor, entry.action) for entry in journal.entries("account:ana")] == [
        ("console", "account.password_reset")
    ]
    assert code[1] not in str(journal.entries())
    database.close()


def test_several_administrators_have_to_be_named(data: Path) -> None:
    database = Database(data / "exams/exams.sqlite3")
    store = SqliteAccountStore(database)
    store.change(Account("2", "mei", "Mei Ng", Role.ADMINISTRATOR))
    store.change(Account("1", "ana", "Dr. Ana Ruiz", Role.ADMINISTRATOR, is_disabled=True))
    database.close()
    assert "Name one of: ana, mei" in run(data, "reset-administrator").output
    assert "bo is no administrator" in run(data, "reset-administrator", "bo").output
    assert run(data, "reset-administrator", "ana").exit_code == 0
    assert "disabled" not in run(data, "list").output


def test_list_names_everybody(data: Path) -> None:
    lines = run(data, "list").output.splitlines()
    assert [line.split()[:2] for line in lines] == [["ana", "administrator"], ["mei", "operator"]]


def test_a_folder_without_a_station_is_left_alone(tmp_path: Path) -> None:
    answer = run(tmp_path, "reset-administrator")
    assert answer.exit_code == 1
    assert "no station's data" in answer.output
    assert not (tmp_path / "exams").exists()
