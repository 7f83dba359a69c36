"""Instants as text: RFC 3339 in UTC, the one way in which this product writes time."""

from datetime import datetime, timezone, tzinfo
from typing import Literal

_FIRST, _LAST = (datetime(*day, tzinfo=timezone.utc) for day in ((1, 1, 3), (9999, 12, 29)))
Precision = Literal["milliseconds", "microseconds"]


def to_rfc3339(moment: datetime, precision: Precision = "milliseconds") -> str:
    """An aware time in UTC: "2026-11-22T10:00:00.123Z". Finer digits are cut off, not rounded."""
    return moment.astimezone(timezone.utc).isoformat(timespec=precision).replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """The reverse, in UTC, with milliseconds, microseconds or neither, of any zone.

    Raises:
        ValueError: it is no such text, names no zone, or is beyond the calendar in UTC.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone")
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError as error:
        raise ValueError(f"the time {text!r} is beyond the calendar") from error


def require_sayable(moment: datetime) -> datetime:
    """The moment itself, if every zone's clock has words for it; for what comes from outside and can be refused.

    Raises:
        ValueError: it is at the end of the calendar.
    """
    if not _FIRST <= moment <= _LAST:
        raise ValueError(f"the time {to_rfc3339(moment)} is at the end of the calendar")
    return moment


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """The moment in a zone, None is the computer's own. What is kept may be at the end of the calendar, where the zone
    has no words for it; then it is the nearest moment for which every zone has some."""
    return min(max(moment, _FIRST), _LAST).astimezone(zone)
