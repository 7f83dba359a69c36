"""Every message of the report: those found in its sources as translators' tools find them, and those of the tables."""

from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import babel_extract

from appliance.exports import report
from appliance.exports.report.table_words import translations
from appliance.texts import LANGUAGES

FOLDER = Path(report.__file__).parent
KEYWORDS = {"_n": None, "localisation": None}


def report_messages() -> list[str]:
    """Every message, each once: of the sources in the order of the files, then of the tables."""
    return list(dict.fromkeys([*source_messages(), *translations(LANGUAGES[0])]))


def source_messages() -> list[str]:
    """Message ids of the sources in the order of the files, each once."""
    found: dict[str, None] = {}
    for file in sorted(FOLDER.glob("*.py")):
        for _, message, _, _ in extract("python", BytesIO(file.read_bytes()), KEYWORDS):
            found[str(message)] = None
    template = BytesIO((FOLDER / "standard" / "template.html.jinja").read_bytes())
    for _, _, message, _ in babel_extract(template, ("_",), (), {}):
        found[message if isinstance(message, str) else message[0]] = None
    return [message for message in found if message]
