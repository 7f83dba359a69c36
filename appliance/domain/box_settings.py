"""What administrators see of the box itself: its settings, its backups, and what a test of them found."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SettingRow:
    """One setting in force.

    Attributes:
        key: "mqtt.host".
        value: as text; secrets are masked.
        origin: "default", or the file or flag that says so.
    """

    key: str
    value: str
    origin: str


@dataclass(frozen=True)
class BackupRow:
    """One copy of the database on the box."""

    name: str
    made_at_utc: datetime
    size_bytes: int


@dataclass(frozen=True)
class RestoreTrial:
    """What was found in a backup that was opened as a restore would open it.

    Attributes:
        name: of the backup.
        exams: in it.
        journal_entries: in it.
        broken_entry: the first entry of its journal that is missing or was changed; None where none is.
    """

    name: str
    exams: int
    journal_entries: int
    broken_entry: int | None
