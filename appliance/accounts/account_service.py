"""Who may work with the box: accounts are made, changed and proved here, and every such action is in the journal."""

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import uuid_utils

from appliance.accounts.access import bare_code, new_code, printed
from appliance.accounts.password_policy import require_good_password
from appliance.accounts.passwords import PasswordHashing
from appliance.accounts.refusals import PasswordRefusedError, UnknownAccountError
from appliance.domain.account import Account, KeptAccount, Role, account_name, full_name
from appliance.domain.errors import StoreError
from appliance.domain.instant import to_rfc3339
from appliance.ports import AccountStore, Clock, Journal

_log = logging.getLogger(__name__)
_MOST_UNWRITTEN = 1000
CODE_LIFETIME = timedelta(hours=72)


class Refusal(Enum):
    """Why a login was refused. All but WRONG are shown only after the account's password was right."""

    WRONG = "wrong"
    DISABLED = "disabled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Proof:
    """A login's outcome: exactly one of the two is set."""

    kept: KeptAccount | None = None
    refusal: Refusal | None = None


class AccountService:
    """The verbs of accounts. Safe for calls from any thread."""

    def __init__(
        self, store: AccountStore, journal: Journal, clock: Clock, hashing: PasswordHashing | None = None
    ) -> None:
        self.store = store
        self._journal = journal
        self.clock = clock
        self._hashing = hashing or PasswordHashing()
        self._is_set_up = False
        self._noting = threading.Lock()
        self._unwritten: deque[tuple[str, str, Mapping[str, Any], datetime]] = deque(maxlen=_MOST_UNWRITTEN)

    @property
    def is_set_up(self) -> bool:
        """Whether there is an administrator; accounts are never deleted."""
        self._is_set_up = self._is_set_up or bool(self.store.accounts())
        return self._is_set_up

    def set_up(self, name: str, full: str, password: str) -> KeptAccount:
        """The administrator of a new box. Raises AccountError if there is one already, or name or password is unfit."""
        account = _new_account(name, full, Role.ADMINISTRATOR)
        require_good_password(password, account.name, account.full_name)
        kept = KeptAccount(account, self._hashing.hash(password))
        with self._journal.transaction("add the account"):
            self.store.add(kept, is_first=True)
            self.note(account.name, account.name, "created", {"role": account.role.value})
        return kept

    def prove(self, name: str, password: str) -> Proof:
        """Whether the password, or the one-time code, is that account's; takes as long for names that nobody has."""
        kept = self.store.by_name(name.strip().casefold())
        typed = bare_code(password) if kept is not None and kept.has_one_time_code else password
        if not self._hashing.matches(None if kept is None else kept.password_hash, typed) or kept is None:
            return Proof(refusal=Refusal.WRONG)
        if kept.account.is_disabled:
            return Proof(refusal=Refusal.DISABLED)
        if kept.code_expires_at_utc is not None and kept.code_expires_at_utc < self.clock.now_utc():
            return Proof(refusal=Refusal.EXPIRED)
        if self._hashing.is_outdated(kept.password_hash):
            try:
                self.store.renew_hash(kept.account.account_id, kept.password_hash, self._hashing.hash(typed))
            except StoreError as error:
                _log.warning("the hash of %s is renewed at another login: %s", kept.account.name, error)
        return Proof(kept=kept)

    def choose_password(self, account: Account, current: str, new: str) -> KeptAccount:
        """The account with its own new password; every browser has to log in again.

        Args:
            current: not asked for where the account has a one-time code, with which its owner has just logged in.

        Raises:
            AccountError: the current one is wrong, or the new one is unfit.
        """
        if not self.kept(account.account_id).has_one_time_code and self.prove(account.name, current).kept is None:
            raise PasswordRefusedError("current_wrong")
        require_good_password(new, account.name, account.full_name)
        password_hash = self._hashing.hash(new)
        with self._journal.transaction("keep the password"):
            self.store.set_password(account.account_id, password_hash)
            self.note(account.name, account.name, "password_changed")
        return self.kept(account.account_id)

    def add(self, actor: str, name: str, full: str, role: Role) -> tuple[Account, str]:
        """A new account and the one-time code to hand to its owner. Raises AccountError for an unfit or taken name."""
        account, code = _new_account(name, full, role), new_code()
        expires = self.clock.now_utc() + CODE_LIFETIME
        kept = KeptAccount(account, self._hashing.hash(code), code_expires_at_utc=expires)
        with self._journal.transaction("add the account"):
            self.store.add(kept)
            self.note(actor, account.name, "created", {"role": role.value})
        return account, printed(code)

    def reset_password(self, actor: str, account_id: str) -> str:
        """A one-time code in the place of the password; every browser of that account has to log in again."""
        account, code = self.account(account_id), new_code()
        password_hash, expires = self._hashing.hash(code), self.clock.now_utc() + CODE_LIFETIME
        with self._journal.transaction("keep the one-time code"):
            self.store.set_password(account_id, password_hash, expires)
            self.note(actor, account.name, "password_reset")
        return printed(code)

    def change(
        self,
        actor: str,
        account_id: str,
        *,
        full: str | None = None,
        role: Role | None = None,
        is_disabled: bool | None = None,
    ) -> Account:
        """The account as it now is; None leaves as it is. Raises AccountError if no administrator would be left."""
        old = self.account(account_id)
        new = replace(
            old,
            full_name=old.full_name if full is None else full_name(full),
            role=old.role if role is None else role,
            is_disabled=old.is_disabled if is_disabled is None else is_disabled,
        )
        if new == old:
            return old
        with self._journal.transaction("change the account"):
            self.store.change(new)
            self.note(actor, old.name, "changed", _differences(old, new))
        return new

    def end_sessions(self, actor: str, account_id: str) -> None:
        """Every browser of that account has to log in again."""
        account = self.account(account_id)
        with self._journal.transaction("end the sessions"):
            self.store.end_sessions(account_id)
            self.note(actor, account.name, "sessions_ended")

    def account(self, account_id: str) -> Account:
        """One account; raises NotKeptError if there is none."""
        return self.kept(account_id).account

    def note(self, actor: str, name: str, action: str, detail: Mapping[str, Any] | None = None) -> None:
        """One line in the journal."""
        _log.info("account %s: %s by %s", name, action, actor)
        self._journal.append(actor, f"account:{name}", f"account.{action}", detail or {})

    def note_when_possible(self, name: str, action: str, detail: Mapping[str, Any] | None = None) -> None:
        """One line about what an account did itself; where it cannot be written now, with the next that can.

        For what must happen whatever the disk says: who logs in may be the one who frees it.
        """
        with self._noting:
            self._unwritten.append((name, action, detail or {}, self.clock.now_utc()))
            # Twice: a full disk frees its reserve when it is first met.
            for is_last in (False, True):
                try:
                    self._write_notes()
                    return
                except StoreError as error:
                    if is_last:
                        _log.error("%d notes about accounts wait for room: %s", len(self._unwritten), error)

    def _write_notes(self) -> None:
        while self._unwritten:
            name, action, detail, at_utc = self._unwritten[0]
            is_late = self.clock.now_utc() - at_utc > timedelta(seconds=60)
            said = {**detail, "happened_at": to_rfc3339(at_utc)} if is_late else detail
            self.note(name, name, action, said)
            self._unwritten.popleft()

    def kept(self, account_id: str) -> KeptAccount:
        """One account with its proofs; raises NotKeptError if there is none."""
        kept = self.store.by_id(account_id)
        if kept is None:
            raise UnknownAccountError(account_id)
        return kept


def _new_account(name: str, full: str, role: Role) -> Account:
    return Account(str(uuid_utils.uuid7()), account_name(name), full_name(full), role)


def _differences(old: Account, new: Account) -> dict[str, Any]:
    pairs = {
        "full_name": (old.full_name, new.full_name),
        "role": (old.role.value, new.role.value),
        "is_disabled": (old.is_disabled, new.is_disabled),
    }
    return {key: {"old": before, "new": after} for key, (before, after) in pairs.items() if before != after}
