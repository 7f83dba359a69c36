"""The report's words for what the tables list; the other messages are in `locale`."""

from collections.abc import Iterator, Mapping
from typing import Any

from appliance.texts import LANGUAGES, texts_in

TABLES = ("figures", "quality", "rules")


def report_words(table: str, part: str = "") -> Mapping[str, str]:
    """Key of the table to its English message; entries without one are left out.

    Args:
        part: "name", "short" or "definition" of a figure; empty for a table with one word an entry.
    """
    entries = texts_in(LANGUAGES[0], table).items()
    found = {key: dict(_messages(entry)).get(part) for key, entry in entries}
    return {key: message for key, message in found.items() if message is not None}


def translations(language: str) -> Mapping[str, str]:
    """English message to its translation, of every table."""
    return {
        message: translated
        for table in TABLES
        for key, entry in texts_in(LANGUAGES[0], table).items()
        for (_, message), (_, translated) in zip(
            _messages(entry), _messages(texts_in(language, table)[key]), strict=True
        )
    }


def _messages(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(part, message) of an entry's words for the report."""
    words = entry.get("report", {})
    yield from [("", words)] if isinstance(words, str) else words.items()
