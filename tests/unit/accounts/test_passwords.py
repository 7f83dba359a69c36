"""How passwords are kept."""

from argon2 import Parameters, extract_parameters
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from appliance.accounts.account_service import AccountService
from appliance.accounts.passwords import COST, PasswordHashing
from appliance.storage.memory_journal import MemoryJournal
from tests.support.accounts import ADMINISTRATOR, PASSWORD, new_account_service
from tests.support.exam_parts import SystemClock


def test_cost_is_at_least_the_rfcs_for_little_memory() -> None:
    parameters: Parameters = extract_parameters(PasswordHashing().hash(PASSWORD))
    assert parameters == COST
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= RFC_9106_LOW_MEMORY.memory_cost
    assert parameters.time_cost >= RFC_9106_LOW_MEMORY.time_cost


def test_same_password_is_never_kept_the_same_twice() -> None:
    hashing = PasswordHashing(CHEAPEST)
    assert hashing.hash(PASSWORD) != hashing.hash(PASSWORD)
    assert PASSWORD not in hashing.hash(PASSWORD)


def test_damaged_hash_opens_nothing() -> None:
    hashing = PasswordHashing(CHEAPEST)
    assert not hashing.matches("$argon2id$", PASSWORD)
    assert not hashing.matches("", "")
    assert not hashing.matches(None, "")


def test_login_renews_a_hash_of_a_lower_cost_and_ends_no_session() -> None:
    journal = MemoryJournal(SystemClock().now_utc)
    cheap = new_account_service(journal)
    dear = AccountService(cheap.store, journal, SystemClock(), PasswordHashing(COST))
    before = cheap.store.by_name(ADMINISTRATOR)
    assert before is not None
    assert dear.prove(ADMINISTRATOR, PASSWORD).kept is not None
    after = cheap.store.by_name(ADMINISTRATOR)
    assert after is not None
    assert extract_parameters(after.password_hash) == COST
    assert after.session_generation == before.session_generation
    assert dear.prove(ADMINISTRATOR, PASSWORD).kept is not None
