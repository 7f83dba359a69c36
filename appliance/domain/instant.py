"""Instants as text: RFC 3339 in UTC, the one way in which this product writes time."""

from datetime import datetime, timezone
from typing import Literal

_FIRST, _LAST = (datetime(*day, tzinfo=timezone.utc) for day in ((1, 1, 3), (9999, 12, 29)))
Precision = Literal["milliseconds", "microseconds"]


def to_rfc3339(moment: datetime, precision: Precision = "milliseconds") -> str:
    """An aware time in UTC: "2026-11-22T10:00:00.123Z". Finer digits are cut off, not rounded."""
    return moment.astimezone(timezone.utc).isoformat(timespec=precision).replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """The reverse, in UTC, with milliseconds, microseconds or neither, of any zone.

    Raises:
        ValueError: it is no such text, names no zone, or is a moment that some zone's clock has no words for.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone")
    # A day from either end of the calendar: in another zone that would be beyond it, an OverflowError on every page.
    if not _FIRST <= moment <= _LAST:
        raise ValueError(f"the time {text!r} is at the end of the calendar")
    return moment.astimezone(timezone.utc)
