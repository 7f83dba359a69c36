"""The station's own backups: one a day, made beside its work."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from appliance.domain.errors import StoreError
from appliance.ports import Clock
from appliance.storage.backups import Backups

_log = logging.getLogger(__name__)
_LOOKED_AT_EVERY_S = 300.0


class BackupKeeper:
    """Makes a backup when the newest is older than `every_h`, never while an exam is under way.

    Args:
        is_busy: whether an exam is under way; reading the whole database can wait.
    """

    def __init__(self, backups: Backups, every_h: float, is_busy: Callable[[], bool], clock: Clock) -> None:
        self._backups, self._every, self._is_busy, self._clock = backups, timedelta(hours=every_h), is_busy, clock
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backups", daemon=True)

    def start(self) -> None:
        """Begin, unless the settings ask for none."""
        if self._every > timedelta(0):
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """No further backup; calling it before start is harmless. A copy half-way is deleted by the next."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def make_if_due(self) -> bool:
        """Whether one was made."""
        now_utc = self._clock.now_utc()
        newest = next(iter(self._backups.all()), None)
        # One from the future comes from a clock that was wrong then: it counts for nothing.
        is_due = newest is None or not timedelta(0) <= now_utc - newest.made_at_utc < self._every
        if not is_due or self._is_busy():
            return False
        try:
            self._backups.make(now_utc)
        except StoreError as error:
            _log.error("%s", error)
            return False
        return True

    def _run(self) -> None:
        while not self._is_stopping.wait(_LOOKED_AT_EVERY_S):
            try:
                self.make_if_due()
            except Exception:  # without this thread there would be no backup
                _log.exception("no backup could be made; it is tried again")
