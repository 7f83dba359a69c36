"""The box's own service: settings in force, backups, and tests of its connections."""

from collections.abc import Callable

from appliance.apps.config.settings import LoadedSettings
from appliance.domain.box_settings import BackupRow, DataCheck, RestoreTrial, ScheduledCopies, SettingRow
from appliance.domain.errors import StoreError
from appliance.ports import Clock, Journal
from appliance.storage.backups import Backup, Backups, try_restore
from appliance.transport.broker_trial import try_broker

BACKED_UP = "storage.backed_up"
RESTORE_TRIED = "storage.restore_tried"
_SUBJECT = "storage"


class StationAdministration:
    """A `BoxAdministration` over what the station was started with."""

    def __init__(
        self,
        loaded: LoadedSettings,
        backups: Backups,
        journal: Journal,
        clock: Clock,
        scheduled_copies: Callable[[], ScheduledCopies | None] = lambda: None,
        data_check: DataCheck | None = None,
    ) -> None:
        self._loaded, self._backups, self._journal, self._clock = loaded, backups, journal, clock
        self._scheduled_copies, self._data_check = scheduled_copies, data_check

    def settings(self) -> tuple[SettingRow, ...]:
        return tuple(SettingRow(*row) for row in self._loaded.rows())

    def backups(self) -> tuple[BackupRow, ...]:
        return tuple(_row(one) for one in self._backups.all())

    def scheduled_copies(self) -> ScheduledCopies | None:
        return self._scheduled_copies()

    def data_check(self) -> DataCheck | None:
        return self._data_check

    def back_up(self, actor: str) -> BackupRow:
        made = _row(self._backups.make(self._clock.now_utc()))
        self._journal.append(actor, _SUBJECT, BACKED_UP, {"backup": made.name, "bytes": made.size_bytes})
        return made

    def try_restore(self, actor: str) -> RestoreTrial:
        kept = self._backups.all()
        if not kept:
            raise StoreError("there is no backup to try", "Make one first.")
        found = try_restore(kept[0], self._clock.now_utc())
        detail = {"backup": found.name, "exams": found.exams, "journal_is_intact": found.broken_entry is None}
        self._journal.append(actor, _SUBJECT, RESTORE_TRIED, detail)
        return found

    def try_broker(self) -> None:
        try_broker(self._loaded.settings.mqtt)


def _row(one: Backup) -> BackupRow:
    return BackupRow(one.path.name, one.made_at_utc, one.path.stat().st_size)
