"""Accounts without a disk."""

import threading
from dataclasses import replace
from datetime import datetime

from appliance.domain.account import Account, KeptAccount, require_administrator_left
from appliance.storage.account_store import refuse_new, unknown
from appliance.storage.memory_database import MemoryDatabase


class MemoryAccountStore:
    """The AccountStore of a demonstration or a test; forgets everything with the process."""

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self._kept: dict[str, KeptAccount] = (database or MemoryDatabase()).table()
        self._ended: dict[str, datetime] = {}
        self._lock = threading.RLock()

    def accounts(self) -> tuple[Account, ...]:
        with self._lock:
            return tuple(sorted((kept.account for kept in self._kept.values()), key=lambda account: account.name))

    def by_name(self, name: str) -> KeptAccount | None:
        with self._lock:
            return next((kept for kept in self._kept.values() if kept.account.name == name), None)

    def by_id(self, account_id: str) -> KeptAccount | None:
        with self._lock:
            return self._kept.get(account_id)

    def add(self, kept: KeptAccount, *, is_first: bool = False) -> None:
        with self._lock:
            refuse_new(kept.account.name, {entry.name for entry in self.accounts()}, is_first)
            self._kept[kept.account.account_id] = kept

    def change(self, account: Account) -> None:
        with self._lock:
            old = self._of(account.account_id)
            others = [entry for entry in self.accounts() if entry.account_id != account.account_id]
            require_administrator_left(others, account)
            ends = (old.account.role, old.account.is_disabled) != (account.role, account.is_disabled)
            account = replace(account, name=old.account.name)
            self._put(replace(old, account=account, session_generation=old.session_generation + int(ends)))

    def set_password(self, account_id: str, password_hash: str, code_expires_at_utc: datetime | None = None) -> None:
        with self._lock:
            old = self._of(account_id)
            self._put(
                replace(
                    old,
                    password_hash=password_hash,
                    code_expires_at_utc=code_expires_at_utc,
                    session_generation=old.session_generation + 1,
                )
            )

    def renew_hash(self, account_id: str, old_hash: str, new_hash: str) -> None:
        with self._lock:
            old = self._kept.get(account_id)
            if old is not None and old.password_hash == old_hash:
                self._put(replace(old, password_hash=new_hash))

    def end_sessions(self, account_id: str) -> None:
        with self._lock:
            old = self._of(account_id)
            self._put(replace(old, session_generation=old.session_generation + 1))

    def end_session(self, session_id: str, now_utc: datetime, until_utc: datetime) -> None:
        with self._lock:
            self._ended[session_id] = until_utc

    def is_ended(self, session_id: str) -> bool:
        with self._lock:
            return session_id in self._ended

    def _of(self, account_id: str) -> KeptAccount:
        kept = self._kept.get(account_id)
        if kept is None:
            raise unknown(account_id)
        return kept

    def _put(self, kept: KeptAccount) -> None:
        self._kept[kept.account.account_id] = kept
