"""A `BoxAdministration` in memory: some settings, and backups that are only counted."""

from datetime import datetime, timezone

from appliance.domain.box_settings import BackupRow, DataCheck, RestoreTrial, ScheduledCopies, SettingRow
from appliance.domain.errors import StoreError

SETTINGS = (
    SettingRow("mqtt.enabled", "True", "/etc/nailfold/site.toml"),
    SettingRow("mqtt.host", "broker.of-a-clinic-with-a-long-name.example", "/etc/nailfold/site.toml"),
    SettingRow("pacs.host", "", "default"),
    SettingRow("storage.backups_kept", "7", "default"),
)


class MemoryBoxAdministration:
    """Its broker always answers."""

    def __init__(self) -> None:
        self._backups: list[BackupRow] = []
        self.scheduled: ScheduledCopies | None = None
        self.checked: DataCheck | None = None

    def settings(self) -> tuple[SettingRow, ...]:
        return SETTINGS

    def backups(self) -> tuple[BackupRow, ...]:
        return tuple(self._backups)

    def scheduled_copies(self) -> ScheduledCopies | None:
        return self.scheduled

    def data_check(self) -> DataCheck | None:
        return self.checked

    def back_up(self, actor: str) -> BackupRow:
        assert actor
        now = datetime.now(timezone.utc)
        self._backups.insert(0, BackupRow(f"exams-{now:%Y%m%dT%H%M%SZ}.sqlite3", now, 245_760))
        return self._backups[0]

    def try_restore(self, actor: str) -> RestoreTrial:
        assert actor
        if not self._backups:
            raise StoreError("there is no backup to try", "Make one first.")
        return RestoreTrial(self._backups[0].name, 2, 40, None)

    def try_broker(self) -> None:
        return None
