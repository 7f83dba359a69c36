"""Accounts for tests: one of each role, at a cost that does not slow the suite down."""

from argon2.profiles import CHEAPEST

from appliance.accounts.account_service import AccountService
from appliance.accounts.passwords import PasswordHashing
from appliance.domain.account import Account, KeptAccount, Role
from appliance.ports import AccountStore, Clock, Journal
from appliance.storage.memory_accounts import MemoryAccountStore
from tests.support.exam_parts import SystemClock

HASHING = PasswordHashing(CHEAPEST)
PASSWORD = "small vessels tell"
ADMINISTRATOR, PHYSICIAN, OPERATOR = "ana.ruiz", "p.klein", "nurse.ng"
FULL_NAMES = {ADMINISTRATOR: "Dr. Ana Ruiz", PHYSICIAN: "Dr. Paul Klein", OPERATOR: "Mei Ng"}
_ROLES = {ADMINISTRATOR: Role.ADMINISTRATOR, PHYSICIAN: Role.PHYSICIAN, OPERATOR: Role.OPERATOR}


def new_account_service(
    journal: Journal,
    store: AccountStore | None = None,
    clock: Clock | None = None,
    is_new: bool = False,
    hashing: PasswordHashing = HASHING,
) -> AccountService:
    """A service with an administrator, a physician and an operator who all have `PASSWORD`; with `is_new` nobody."""
    store = store or MemoryAccountStore()
    for number, (name, role) in enumerate(() if is_new else _ROLES.items()):
        account = Account(f"0190a1b2-0000-7000-8000-00000000000{number}", name, FULL_NAMES[name], role)
        store.add(KeptAccount(account, hashing.hash(PASSWORD)))
    return AccountService(store, journal, clock or SystemClock(), hashing)
