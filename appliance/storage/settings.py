"""Where exams are kept."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StorageSettings:
    """Where exams are kept and how much room must stay.

    Attributes:
        folder: holds `exams.sqlite3` and `images/`; created with access for the station's user alone.
        identity_key: the box's key, which wraps those of its patients (`patient-keys` beside `folder`); made at the
            first start, for the station's user alone.
            None: `identity.key` beside `folder`, not in it, so that a copy of the exams alone names nobody. Back it up
            apart from them.
        reserve_mb: a capture is refused when less would stay free, so that an exam can always be finished.
        receipted_kept_days: how long the outbox keeps the payload of a message that the ingest has confirmed.
        resend_after_s: a message handed to the broker without an answer is due again after this; longer than
            `mqtt.answer_timeout_s`, so that receipts can come first.
        receipt_timeout_s: a result that the broker took is sent again when the fleet's receipt has not come after this;
            at each further time twice as long, up to eight times. 0 expects no receipts: the broker's word is the end,
            for sites where other software receives the results.
        backup_every_h: a copy of the database is made that often, below `folder`/backups; zero makes none.
        backups_kept: the newest so many.
        stick_folder: where a stick for encrypted copies is mounted while it is plugged in; None: none are made.
        stick_passphrase_file: holds the words that open those copies, for the station's user alone.
        stick_every_h: a copy is made that often, as soon as a stick is there.
        stick_kept: the newest so many stay on a stick; fewer where it has no room for another.
    """

    folder: Path = Path("var/exams")
    identity_key: Path | None = None
    reserve_mb: int = 200
    receipted_kept_days: int = 30
    resend_after_s: float = 30.0
    receipt_timeout_s: float = 0.0
    backup_every_h: float = 24.0
    backups_kept: int = 7
    stick_folder: Path | None = None
    stick_passphrase_file: Path | None = None
    stick_every_h: float = 24.0
    stick_kept: int = 3
