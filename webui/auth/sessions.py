"""Logins: what a browser's signed cookie holds, and whether it still holds good."""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from appliance.domain.account import KeptAccount
from appliance.domain.errors import StoreError
from appliance.ports import AccountStore, Clock

_log = logging.getLogger(__name__)


class Sessions:
    """Issues, checks and ends logins. The cookie is signed and dated; this adds what a signature cannot know.

    A login ends with the account's next password, role or disabling (its generation), with its own logging out (kept
    until it would have expired: a copy of the cookie is worthless too), and after `longest`, however busy the browser
    was. Nothing is in memory alone: a login outlives a restart of the station.
    """

    def __init__(self, store: AccountStore, clock: Clock, longest: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._longest = longest
        self._unwritten: dict[str, datetime] = {}

    def issue(self, kept: KeptAccount) -> dict[str, Any]:
        """What the cookie of a fresh login holds."""
        return {
            "id": secrets.token_urlsafe(16),
            "account": kept.account.account_id,
            "generation": kept.session_generation,
            "since_s": int(self._clock.now_utc().timestamp()),
        }

    def account_of(self, login: object) -> KeptAccount | None:
        """Whose login this is; None where it does not hold, or never was one."""
        if not isinstance(login, Mapping):
            return None
        kept = self._store.by_id(str(login.get("account")))
        if kept is None or kept.account.is_disabled or kept.session_generation != login.get("generation"):
            return None
        session_id = str(login.get("id"))
        is_over = self._ends_at(login) <= self._clock.now_utc() or session_id in self._unwritten
        return None if is_over or self._store.is_ended(session_id) else kept

    def end(self, login: object) -> None:
        """Log this browser out, in any case: what the disk does not take now is remembered here, and written later."""
        if not isinstance(login, Mapping):
            return
        self._unwritten[str(login.get("id"))] = self._ends_at(login)
        # Twice: a full disk frees its reserve when it is first met.
        for _ in range(2):
            try:
                self._write_ended()
                return
            except StoreError as error:
                _log.error("the end of a session is written later: %s", error)

    def _write_ended(self) -> None:
        for session_id, ends_at_utc in list(self._unwritten.items()):
            self._store.end_session(session_id, self._clock.now_utc(), ends_at_utc)
            self._unwritten.pop(session_id, None)

    def _ends_at(self, login: Mapping[str, Any]) -> datetime:
        return datetime.fromtimestamp(int(login.get("since_s", 0)), timezone.utc) + self._longest
