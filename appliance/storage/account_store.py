"""Accounts in SQLite."""

import sqlite3
from datetime import datetime

from appliance.domain.account import Account, KeptAccount, Role, require_administrator_left
from appliance.domain.errors import AccountError, NotKeptError
from appliance.domain.instant import from_rfc3339
from appliance.storage.database import Database, Row, utc_text

_ENDED_KEPT = 10_000
"""Newest logins that are remembered as ended, whatever the clock says."""


class SqliteAccountStore:
    """The AccountStore of the device; see the port for what each method promises.

    Nothing is held in memory: what the command line changes holds at the next request of a running station.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self) -> tuple[Account, ...]:
        rows = self._database.rows("list the accounts", "SELECT * FROM accounts ORDER BY name")
        return tuple(_account(row) for row in rows)

    def by_name(self, name: str) -> KeptAccount | None:
        return _first(self._database.rows("find the account", "SELECT * FROM accounts WHERE name = ?", (name,)))

    def by_id(self, account_id: str) -> KeptAccount | None:
        sql = "SELECT * FROM accounts WHERE account_id = ?"
        return _first(self._database.rows("find the account", sql, (account_id,)))

    def add(self, kept: KeptAccount, *, is_first: bool = False) -> None:
        account = kept.account
        with self._database.transaction("add the account") as connection:
            names = {row["name"] for row in connection.execute("SELECT name FROM accounts")}
            refuse_new(account.name, names, is_first)
            connection.execute(
                """INSERT INTO accounts (account_id, name, full_name, role, is_disabled, password_hash,
                       session_generation, code_expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    account.account_id,
                    account.name,
                    account.full_name,
                    account.role.value,
                    int(account.is_disabled),
                    kept.password_hash,
                    kept.session_generation,
                    _text(kept.code_expires_at_utc),
                ),
            )

    def change(self, account: Account) -> None:
        with self._database.transaction("change the account") as connection:
            others = [_account(row) for row in connection.execute("SELECT * FROM accounts")]
            old = next((entry for entry in others if entry.account_id == account.account_id), None)
            if old is None:
                raise unknown(account.account_id)
            others.remove(old)
            require_administrator_left(others, account)
            ends = (old.role, old.is_disabled) != (account.role, account.is_disabled)
            connection.execute(
                """UPDATE accounts SET full_name = ?, role = ?, is_disabled = ?,
                       session_generation = session_generation + ? WHERE account_id = ?""",
                (account.full_name, account.role.value, int(account.is_disabled), int(ends), account.account_id),
            )

    def set_password(self, account_id: str, password_hash: str, code_expires_at_utc: datetime | None = None) -> None:
        with self._database.transaction("keep the password") as connection:
            done = connection.execute(
                """UPDATE accounts SET password_hash = ?, code_expires_at = ?,
                       session_generation = session_generation + 1 WHERE account_id = ?""",
                (password_hash, _text(code_expires_at_utc), account_id),
            )
            _require_one(done, account_id)

    def renew_hash(self, account_id: str, old_hash: str, new_hash: str) -> None:
        with self._database.transaction("renew the password's hash") as connection:
            connection.execute(
                "UPDATE accounts SET password_hash = ? WHERE account_id = ? AND password_hash = ?",
                (new_hash, account_id, old_hash),
            )

    def end_sessions(self, account_id: str) -> None:
        with self._database.transaction("end the sessions") as connection:
            sql = "UPDATE accounts SET session_generation = session_generation + 1 WHERE account_id = ?"
            _require_one(connection.execute(sql, (account_id,)), account_id)

    def end_session(self, session_id: str, now_utc: datetime, until_utc: datetime) -> None:
        with self._database.transaction("end the session") as connection:
            # By number, not by time: a clock that stood in the future for a moment would bring ended logins back.
            sql = (
                "DELETE FROM ended_sessions WHERE until_at < ? AND rowid <= (SELECT max(rowid) FROM ended_sessions) - ?"
            )
            connection.execute(sql, (utc_text(now_utc), _ENDED_KEPT))
            connection.execute("INSERT OR REPLACE INTO ended_sessions VALUES (?, ?)", (session_id, utc_text(until_utc)))

    def is_ended(self, session_id: str) -> bool:
        sql = "SELECT 1 FROM ended_sessions WHERE session_id = ?"
        return bool(self._database.rows("look up the session", sql, (session_id,)))


def refuse_new(name: str, names: set[str], is_first: bool) -> None:
    """Raise AccountError where an account of that name cannot be added beside the others."""
    if is_first and names:
        raise AccountError("this box has an administrator already", "Log in, or ask the administrator for an account.")
    if name in names:
        raise AccountError(f"there is an account {name} already", "Choose another login name.")


def unknown(account_id: str) -> NotKeptError:
    """The one text for an account that is not there."""
    return NotKeptError(f"there is no account {account_id}", "Reload the list of accounts.")


def _require_one(done: sqlite3.Cursor, account_id: str) -> None:
    if done.rowcount != 1:
        raise unknown(account_id)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


def _first(rows: list[Row]) -> KeptAccount | None:
    if not rows:
        return None
    row = rows[0]
    expires = row["code_expires_at"]
    return KeptAccount(
        account=_account(row),
        password_hash=row["password_hash"],
        session_generation=row["session_generation"],
        code_expires_at_utc=None if expires is None else from_rfc3339(expires),
    )


def _account(row: Row) -> Account:
    return Account(row["account_id"], row["name"], row["full_name"], Role(row["role"]), bool(row["is_disabled"]))
