"""The form of a report: which figures, fields, pages and texts it has; read from a TOML file without any code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from appliance.domain.bounded_toml import TOMLDecodeError, bounded_toml
from appliance.domain.errors import ExportError
from appliance.domain.figure_definitions import DEFINITIONS, EXAM_ONLY
from appliance.exports.report import terms
from appliance.exports.report.localisation import LANGUAGES, Localisation

PAPERS = ("a4", "letter")
PAGES = ("fingers", "trends", "trace")
KINDS = ("text", "number", "choice")
STANDARD_FORM = Path(__file__).parent / "standard" / "form.toml"
REMEDY = "Correct the file, or remove it to use the standard one."

Text = str | Mapping[str, str]
"""One text for all languages, or one a language."""


@dataclass(frozen=True)
class FormField:
    """A fact that is asked for and printed.

    Attributes:
        key: stable name; those of terms.FIELDS have their label in every language.
        label: empty takes the standard label.
        kind: "text", "number" or "choice".
        unit: printed behind the value.
        choices: of a choice.
        lowest, highest: of a number; None where there is no limit.
    """

    key: str
    label: Text = ""
    kind: str = "text"
    unit: str = ""
    choices: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None

    def name(self, localisation: Localisation) -> str:
        """The label in a language."""
        return _in_language(self.label, localisation) or localisation(terms.FIELDS.get(self.key, self.key))


@dataclass(frozen=True)
class ReportForm:
    """The whole form.

    Attributes:
        title: empty takes the standard title.
        institution, address, footer: printed on every report; may differ by language.
        language, paper: unless a reader asks for others.
        pages: of "fingers", "trends" and "trace", which follow the summary.
        figures: the cards of the summary, by key.
        columns: of the table of fingers, by key.
        fields: what is asked for, in its order.
        pattern_advice: print what an installed pattern classifier says, beside the rules.
    """

    figures: tuple[str, ...]
    columns: tuple[str, ...]
    fields: tuple[FormField, ...]
    title: Text = ""
    institution: Text = ""
    address: Text = ""
    footer: Text = ""
    language: str = "en"
    paper: str = "a4"
    pages: tuple[str, ...] = PAGES
    pattern_advice: bool = True

    def text(self, name: str, localisation: Localisation) -> str:
        """title, institution, address or footer in a language."""
        return _in_language(getattr(self, name), localisation)


def read_form(source: str, name: str) -> ReportForm:
    """The form in a TOML text.

    Args:
        name: of the file, for the error.

    Raises:
        ExportError: one line says what is wrong, and in which line of the file.
    """
    try:
        loaded = bounded_toml(source)
    except TOMLDecodeError as error:
        raise ExportError(f"{name} is no TOML: {str(error)[0].lower()}{str(error)[1:]}", REMEDY) from error
    reader = _Reader(source, name)
    standard = bounded_toml(STANDARD_FORM.read_text("utf-8"))
    reader.known(loaded, {one.name for one in fields(ReportForm)})
    return reader.form({**standard, **loaded})


@dataclass(frozen=True)
class _Reader:
    source: str
    name: str

    def form(self, raw: Mapping[str, Any]) -> ReportForm:
        return ReportForm(
            figures=self.chosen(raw, "figures", tuple(DEFINITIONS)),
            columns=self.chosen(raw, "columns", tuple(key for key in DEFINITIONS if key not in EXAM_ONLY)),
            fields=tuple(self.field(one) for one in self.tables(raw["fields"])),
            **{key: self.text(key, raw.get(key, "")) for key in ("title", "institution", "address", "footer")},
            language=self.one_of("language", raw["language"], LANGUAGES),
            paper=self.one_of("paper", raw["paper"], PAPERS),
            pages=self.chosen(raw, "pages", PAGES),
            pattern_advice=self.yes_or_no("pattern_advice", raw["pattern_advice"]),
        )

    def field(self, raw: Mapping[str, Any]) -> FormField:
        self.known(raw, {"key", "label", "kind", "unit", "choices", "lowest", "highest"})
        key = raw.get("key")
        if not isinstance(key, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
            self.refuse(str(key), f"a field has the key {key!r}; use small letters, digits and _")
        choices = self.words_of("choices", raw.get("choices", []))
        kind = self.one_of("kind", raw.get("kind", "choice" if choices else "text"), KINDS)
        if (kind == "choice") != bool(choices):
            self.refuse(str(key), f"field {key!r} is a {kind} with {len(choices)} choices")
        unit, label = raw.get("unit", ""), self.text("label", raw.get("label", ""))
        limits = [self.number(limit, raw.get(limit)) for limit in ("lowest", "highest")]
        return FormField(str(key), label, kind, str(unit), choices, *limits)

    def tables(self, raw: Any) -> list[Mapping[str, Any]]:
        if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
            self.refuse("fields", "fields is no list of [[fields]] tables")
        keys = [one.get("key") for one in raw]
        for key in keys:
            if keys.count(key) > 1:
                self.refuse(str(key), f"there are two fields with the key {key!r}")
        return list(raw)

    def chosen(self, raw: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.one_of(name, one, allowed) for one in self.words_of(name, raw[name]))

    def words_of(self, name: str, raw: Any) -> tuple[str, ...]:
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
            self.refuse(name, f"{name} is no list of texts")
        return tuple(raw)

    def one_of(self, name: str, raw: Any, allowed: tuple[str, ...]) -> str:
        if raw not in allowed:
            self.refuse(str(raw), f"{name} has {raw!r}; use {', '.join(allowed)}")
        return str(raw)

    def text(self, name: str, raw: Any) -> Text:
        if isinstance(raw, dict):
            for language, one in raw.items():
                self.one_of(name, language, LANGUAGES)
                self.text(name, one)
            return raw
        if not isinstance(raw, str):
            self.refuse(name, f"{name} is {raw!r}, no text")
        return str(raw)

    def yes_or_no(self, name: str, raw: Any) -> bool:
        if not isinstance(raw, bool):
            self.refuse(name, f"{name} is {raw!r}; use true or false")
        return bool(raw)

    def number(self, name: str, raw: Any) -> float | None:
        if raw is not None and (isinstance(raw, bool) or not isinstance(raw, int | float)):
            self.refuse(name, f"{name} is {raw!r}, no number")
        return None if raw is None else float(raw)

    def known(self, raw: Mapping[str, Any], names: set[str]) -> None:
        for name in raw:
            if name not in names:
                self.refuse(name, f"{name!r} is no entry of the form; there are {', '.join(sorted(names))}")

    def refuse(self, word: str, problem: str) -> None:
        lines = self.source.splitlines()
        at = next((number for number, line in enumerate(lines, 1) if word and word in line.partition("#")[0]), None)
        raise ExportError(f"{self.name}{'' if at is None else f', line {at}'}: {problem}", REMEDY)


def _in_language(text: Text, localisation: Localisation) -> str:
    if isinstance(text, str):
        return text
    return text.get(localisation.language) or text.get("en") or next(iter(text.values()), "")
