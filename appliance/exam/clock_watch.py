"""Whether the box's clock can date an exam, and the operator's word where it cannot know."""

import threading
from datetime import datetime, timedelta, timezone

from appliance.domain.errors import ExamError
from appliance.domain.instant import to_rfc3339
from appliance.ports import Clock, Journal

RELEASED_AT_UTC = datetime(2026, 11, 22, tzinfo=timezone.utc)
"""No exam was made with this software before: raised with each release."""
CONFIRMED = "clock.confirmed"
# What a time server may take back at once.
_STEP = timedelta(minutes=2)


class ClockWatch:
    """Compares the clock with this software's release and the newest entry of the journal. Safe from any thread.

    A board whose clock battery is empty wakes in 1970, or at the time of its image: exams would get that date.
    """

    def __init__(self, clock: Clock, journal: Journal, released_at_utc: datetime = RELEASED_AT_UTC) -> None:
        self._clock, self._journal, self._released_at_utc = clock, journal, released_at_utc
        self._confirmed = False
        self._lock = threading.Lock()

    def earliest_utc(self) -> datetime | None:
        """What the clock is before, and cannot be; None while it can date an exam."""
        newest = self._journal.entries(limit=1)
        earliest = max([self._released_at_utc, *(entry.at_utc - _STEP for entry in newest)])
        with self._lock:
            return None if self._confirmed or self._clock.now_utc() >= earliest else earliest

    def require_plausible(self) -> None:
        """Raises ExamError where an exam would get a date that cannot be."""
        earliest = self.earliest_utc()
        if earliest is not None:
            raise ExamError(
                f"could not start an exam: the clock says {to_rfc3339(self._clock.now_utc())}, "
                f"and it was {to_rfc3339(earliest)} before",
                "Set the clock, or confirm its time on the page 'About this box'.",
            )

    def confirm(self, actor: str) -> None:
        """The operator vouches for the clock until the station restarts; journaled. Raises StoreError."""
        earliest = self.earliest_utc()
        if earliest is None:
            return
        detail = {"clock": to_rfc3339(self._clock.now_utc()), "was_after": to_rfc3339(earliest)}
        self._journal.append(actor, "clock", CONFIRMED, detail)
        with self._lock:
            self._confirmed = True
