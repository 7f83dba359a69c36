"""The words, numbers and dates of a report in one language, by Babel's catalogues."""

import gettext
from collections.abc import Callable
from datetime import date as calendar_date
from datetime import datetime, tzinfo
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from appliance.domain.errors import ExportError
from appliance.domain.honest_digits import rounded
from appliance.domain.instant import in_zone
from appliance.exports.report.table_words import translations
from appliance.texts import LANGUAGES
from appliance.texts.plural_forms import filled

__all__ = ["LANGUAGES", "LOCALE_FOLDER", "Localisation"]

LOCALE_FOLDER = Path(__file__).parent / "locale"
_LOCALES = {"en": "en_GB"}
"""Day before month and 24 hours, as in the other languages."""
_REMEDY = f"Choose one of {', '.join(LANGUAGES)}."


class Localisation:
    """One language. Dates are in the time zone given, the computer's own without one.

    Raises:
        ExportError: there is no such language.
    """

    def __init__(self, language: str, zone: tzinfo | None = None) -> None:
        if language not in LANGUAGES:
            raise ExportError(f"there is no report in the language {language!r}", _REMEDY)
        self.language = language
        self._zone = zone
        self._locale = Locale.parse(_LOCALES.get(language, language))
        self._translate = _catalogue(language)

    def __reduce__(self) -> tuple[type["Localisation"], tuple[str, tzinfo | None]]:
        """For another process, which reads the catalogue itself."""
        return Localisation, (self.language, self._zone)

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language with its blanks filled in, in the form that a count takes."""
        return filled(self.unfilled(message), self.language, values)

    def unfilled(self, message: str) -> str:
        """The message in this language as its translator wrote it."""
        return self._translate(message) if message else ""

    def number(self, value: float, decimals: int) -> str:
        """With exactly so many decimals and this language's comma or point."""
        form = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(rounded(value, decimals), format=form, locale=self._locale)

    def date(self, moment: datetime) -> str:
        """22 November 2026."""
        return format_date(in_zone(moment, self._zone), "long", self._locale)

    def short_date(self, moment: datetime) -> str:
        """22 Nov 2026."""
        return self.day(in_zone(moment, self._zone))

    def day(self, one: calendar_date) -> str:
        """22 Nov 1960, of a day that is in no time zone."""
        return format_date(one, "medium", self._locale)

    def month(self, moment: datetime) -> str:
        """Nov 2026."""
        return format_skeleton("yMMM", in_zone(moment, self._zone), locale=self._locale)

    def time(self, moment: datetime) -> str:
        """10:05."""
        return format_time(in_zone(moment, self._zone), "short", locale=self._locale)

    def minute(self, moment: datetime) -> str:
        """22 Nov 2026, 10:05."""
        return f"{self.short_date(moment)}, {self.time(moment)}"

    def moment(self, moment: datetime) -> str:
        """Date and time to the second, with the zone's offset."""
        there = in_zone(moment, self._zone)
        return f"{format_datetime(there, 'medium', locale=self._locale)} {format_datetime(there, 'ZZZZZ')}"


@lru_cache
def _catalogue(language: str) -> Callable[[str], str]:
    if language == LANGUAGES[0]:
        return str
    with (LOCALE_FOLDER / language / "report.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translate, of_tables = gettext.GNUTranslations(compiled).gettext, translations(language)
    return lambda message: of_tables.get(message) or translate(message)
