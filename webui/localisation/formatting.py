"""Moments and numbers as the reader of this page writes them; the report's words for them, so that both agree."""

from datetime import date, datetime
from functools import cache

from appliance.exports.report.localisation import Localisation
from webui.localisation.language import current_language


def format_moment(instant: datetime) -> str:
    """In the box's own time zone, to the minute: "22 Nov 2026, 10:05"."""
    return _words(current_language()).minute(instant)


def day(one: date) -> str:
    """22 Nov 1960."""
    return _words(current_language()).day(one)


def number(value: float, decimals: int) -> str:
    """With exactly so many decimals: "8.1", in German "8,1"."""
    return _words(current_language()).number(value, decimals)


@cache
def _words(language: str) -> Localisation:
    return Localisation(language)
