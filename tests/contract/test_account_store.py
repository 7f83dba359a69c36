"""What every AccountStore promises."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.domain.account import Account, KeptAccount, Role
from appliance.domain.errors import AccountError, NotKeptError
from appliance.ports import AccountStore
from appliance.storage.account_store import SqliteAccountStore
from appliance.storage.database import Database
from appliance.storage.memory_accounts import MemoryAccountStore

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)
ANA = KeptAccount(Account("1", "ana", "Dr. Ana Ruiz", Role.ADMINISTRATOR), "hash of ana")
BEN = KeptAccount(Account("2", "ben", "Ben Ng", Role.OPERATOR), "hash of ben", code_expires_at_utc=NOW)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AccountStore]:
    if request.param == "memory":
        yield MemoryAccountStore()
        return
    database = Database(tmp_path / "exams.sqlite3")
    yield SqliteAccountStore(database)
    database.close()


@pytest.fixture
def two(store: AccountStore) -> AccountStore:
    store.add(BEN)
    store.add(ANA)
    return store


def generation(store: AccountStore, account_id: str) -> int:
    kept = store.by_id(account_id)
    assert kept is not None
    return kept.session_generation


def test_what_was_added_is_found_by_name_and_id_as_it_was(two: AccountStore) -> None:
    assert two.by_name("ana") == two.by_id("1") == ANA
    assert two.by_name("ben") == BEN
    assert two.accounts() == (ANA.account, BEN.account)
    assert two.by_name("Ana") is two.by_name("eve") is two.by_id("3") is None


def test_name_is_given_once(two: AccountStore) -> None:
    with pytest.raises(AccountError, match="there is an account ana already"):
        two.add(replace(ANA, account=replace(ANA.account, account_id="9")))
    assert len(two.accounts()) == 2


def test_first_administrator_is_made_once(store: AccountStore) -> None:
    store.add(ANA, is_first=True)
    with pytest.raises(AccountError, match="has an administrator already"):
        store.add(BEN, is_first=True)
    assert store.accounts() == (ANA.account,)


@pytest.mark.parametrize("change", [{"role": Role.PHYSICIAN}, {"is_disabled": True}])
def test_last_administrator_stays(two: AccountStore, change: dict[str, object]) -> None:
    with pytest.raises(AccountError, match="ana is the last administrator"):
        two.change(replace(ANA.account, **change))  # type: ignore[arg-type]
    assert two.by_id("1") == ANA


def test_a_disabled_administrator_does_not_count(two: AccountStore) -> None:
    two.change(replace(BEN.account, role=Role.ADMINISTRATOR, is_disabled=True))
    with pytest.raises(AccountError):
        two.change(replace(ANA.account, is_disabled=True))
    two.change(replace(BEN.account, role=Role.ADMINISTRATOR))
    two.change(replace(ANA.account, is_disabled=True))
    assert [account.is_disabled for account in two.accounts()] == [True, False]


def test_new_role_ends_the_sessions_and_a_new_full_name_does_not(two: AccountStore) -> None:
    two.change(replace(BEN.account, full_name="Benjamin Ng"))
    assert generation(two, "2") == 0
    two.change(replace(BEN.account, role=Role.PHYSICIAN))
    assert generation(two, "2") == 1
    two.change(replace(BEN.account, role=Role.PHYSICIAN, is_disabled=True))
    assert generation(two, "2") == 2


def test_new_password_replaces_a_code_and_ends_the_sessions(two: AccountStore) -> None:
    two.set_password("2", "new hash")
    kept = two.by_id("2")
    assert kept == replace(BEN, password_hash="new hash", session_generation=1, code_expires_at_utc=None)
    two.set_password("2", "code hash", NOW + timedelta(days=3))
    kept = two.by_id("2")
    assert kept is not None
    assert kept.has_one_time_code
    assert (kept.code_expires_at_utc, kept.session_generation) == (NOW + timedelta(days=3), 2)


def test_hash_is_renewed_without_ending_sessions_unless_the_password_changed_meanwhile(two: AccountStore) -> None:
    two.renew_hash("1", "hash of ana", "dearer hash of ana")
    assert two.by_id("1") == replace(ANA, password_hash="dearer hash of ana")
    two.renew_hash("1", "hash of ana", "hash of an old password")
    assert two.by_id("1") == replace(ANA, password_hash="dearer hash of ana")


def test_sessions_of_one_account_are_ended_alone(two: AccountStore) -> None:
    two.end_sessions("1")
    assert (generation(two, "1"), generation(two, "2")) == (1, 0)


def test_an_ended_session_stays_so_also_where_the_clock_stood_in_the_future_for_a_moment(two: AccountStore) -> None:
    two.end_session("s1", NOW, NOW + timedelta(hours=12))
    two.end_session("s1", NOW, NOW + timedelta(hours=12))
    assert two.is_ended("s1")
    assert not two.is_ended("s2")
    two.end_session("s2", NOW + timedelta(days=3650), NOW + timedelta(days=3651))
    assert two.is_ended("s1")
    assert two.is_ended("s2")


def test_unknown_account_is_told(store: AccountStore) -> None:
    store.add(ANA)
    for attempt in (
        lambda: store.change(replace(BEN.account, full_name="Nobody")),
        lambda: store.set_password("2", "hash"),
        lambda: store.end_sessions("2"),
    ):
        with pytest.raises(NotKeptError, match="no account 2"):
            attempt()
