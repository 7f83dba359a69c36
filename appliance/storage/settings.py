"""Where exams are kept."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StorageSettings:
    """Where exams are kept and how much room must stay.

    Attributes:
        folder: holds `exams.sqlite3` and `images/`; created with access for the station's user alone.
        reserve_mb: a capture is refused when less would stay free, so that an exam can always be finished.
        receipted_kept_days: how long the outbox remembers a message that the ingest has confirmed.
    """

    folder: Path = Path("var/exams")
    reserve_mb: int = 200
    receipted_kept_days: int = 30
