import re
from datetime import datetime, timedelta, timezone

import pytest
from babel.messages.pofile import read_po

from appliance.domain.errors import ExportError
from appliance.domain.exam_figures import Figure
from appliance.domain.quality import Effect, reasons_that
from appliance.domain.said_beside import THUMBS_COUNTED
from appliance.exports.report import terms
from appliance.exports.report.localisation import LANGUAGES, LOCALE_FOLDER, Localisation
from appliance.exports.report.plots import Point, trend_svg
from appliance.exports.report.trends import change_row
from tests.support.report_messages import report_messages, source_messages

TRANSLATED = LANGUAGES[1:]
NOON = datetime(2026, 11, 22, 12, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_is_missing_left_over_or_unsure(language: str) -> None:
    with (LOCALE_FOLDER / language / "report.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    known = {message.id: message for message in catalogue if message.id}
    assert len(report_messages()) > 150
    assert set(known) == set(source_messages())
    assert [message.id for message in known.values() if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_long_messages_are_translated_not_copied(language: str) -> None:
    words = Localisation(language)
    assert [message for message in report_messages() if len(message) > 50 and words.unfilled(message) == message] == []


def test_every_term_of_the_tables_is_a_message() -> None:
    messages = set(report_messages())
    tables = (terms.FIGURES, terms.SHORT, terms.DEFINITIONS, terms.VERDICTS, terms.RULES, terms.BECAUSE, terms.FIELDS)
    assert all(set(table.values()) <= messages for table in tables)


def test_every_reason_against_a_picture_has_words() -> None:
    # A picture with a hint counts, so that the report never says one.
    assert set(terms.QUALITY) == {reason.value for reason in reasons_that(Effect.ABSTAINS)}


@pytest.mark.parametrize(
    ("language", "number", "date"),
    [
        ("en", "1,234.5", "22 November 2026"),
        ("es", "1.234,5", "22 de noviembre de 2026"),
        ("fr", "1\u202f234,5", "22 novembre 2026"),
        ("de", "1.234,5", "22. November 2026"),
        ("it", "1.234,5", "22 novembre 2026"),
    ],
)
def test_numbers_and_dates_are_the_languages_own(language: str, number: str, date: str) -> None:
    words = Localisation(language, timezone.utc)
    assert words.number(1234.5, 1) == number
    assert words.date(NOON) == date
    assert words.time(NOON) == "12:05"


def test_a_language_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ExportError, match="pt"):
        Localisation("pt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_by_two_rules_say_so_and_are_not_joined(language: str) -> None:
    words = Localisation(language)
    thumbs, eight, none = (
        {"density_per_mm": figure, "images_evaluable": Figure(16)}
        for figure in (Figure(7.0, basis={THUMBS_COUNTED: 1}), Figure(6.0), Figure(None, because="no_images"))
    )
    assert change_row(words, "density_per_mm", thumbs, eight).meaning == words("counted by another rule")
    assert change_row(words, "density_per_mm", none, eight).meaning == words("cannot be compared")
    assert words("counted by another rule") != words("cannot be compared")
    assert language == "en" or words("counted by another rule") != "counted by another rule"
    points = [Point(NOON + timedelta(days=day), 7.0, 0.0, day != 2) for day in range(4)]
    svg = trend_svg(words, "density", points, (158.0, 78.0))
    assert [len(run.split()) for run in re.findall(r'polyline points="([^"]*)"', svg)] == [2, 2]


@pytest.mark.parametrize(("now", "said"), [(6.96, "0.0"), (7.04, "0.0"), (6.9, "\u22120.1"), (9.0, "+2.0")])
def test_change_that_rounds_to_nothing_has_no_sign(now: float, said: str) -> None:
    before, after = ({"density_per_mm": Figure(value), "images_evaluable": Figure(16)} for value in (7.0, now))
    row = change_row(Localisation("en"), "density_per_mm", before, after)
    assert row.by == said
