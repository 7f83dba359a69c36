"""Moments as people read them."""

from datetime import datetime


def when(instant: datetime) -> str:
    """In the box's own time zone, to the minute."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M")
