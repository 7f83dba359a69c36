"""What administrators see of the box itself: its settings, its backups, and what a test of them found."""

from dataclasses import dataclass
from datetime import datetime

LARGEST_COPY_BYTES = 500_000_000_000
"""Beyond any disk of a box: what is left of its own is asked while the file comes."""


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
class ScheduledCopies:
    """Encrypted copies that the box makes by itself on a stick.

    Attributes:
        is_there: whether a stick is plugged in.
        newest: the newest copy that was written and read again, also where its stick is elsewhere; None: there is none.
        is_old: there is none, or it is older than three of the intervals at which one is made.
        problem: why the last try did not succeed; empty where it did.
    """

    is_there: bool
    newest: BackupRow | None
    is_old: bool
    problem: str = ""


@dataclass(frozen=True)
class DataCheck:
    """What the check of the data partition found at this start, and what earlier ones have set aside.

    Attributes:
        is_repaired: it was damaged at this start.
        without_name: files and folders that a repair left in /data/lost+found.
        set_aside: folders in /data/aside with exams that are not in the archive.
    """

    is_repaired: bool
    without_name: int
    set_aside: tuple[str, ...]

    @property
    def is_all_well(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.is_repaired or self.without_name or self.set_aside)


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


@dataclass(frozen=True)
class RestorePlan:
    """What a restore would put back, and what it would replace.

    Attributes:
        plan_id: names it to `BoxCopies.restore`.
        name: of the backup; empty for an encrypted copy that was uploaded.
        trial: what was found when it was opened as a restore would.
        newest_exam_at_utc: when its newest exam was started; None without any.
        exams_here: of the box now.
        lost_exams: of the box now that are not in it.
        pictures: that come with it; none in a backup of the database alone.
        closed_patients: with a name or pictures whose key is not on this box: a file of keys has to come first.
    """

    plan_id: str
    name: str
    trial: RestoreTrial
    newest_exam_at_utc: datetime | None
    exams_here: int
    lost_exams: int
    pictures: int
    closed_patients: int


@dataclass(frozen=True)
class StickState:
    """Whether a stick for copies is plugged into the box, and the encrypted files on it, the newest first."""

    is_there: bool
    files: tuple[str, ...]


@dataclass(frozen=True)
class KeysTakenIn:
    """What became of a file of keys: patients whose names and pictures open now, and patients erased elsewhere."""

    new: int
    erased: int
