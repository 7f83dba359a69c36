"""A clinic's own templates of conclusions: texts with figures in braces; a physician takes one over and edits it."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain.bounded_toml import TOMLDecodeError, bounded_toml
from appliance.domain.errors import ExportError

FACTS = (
    "verdict",
    "pattern",
    "density",
    "band",
    "mean_width",
    "largest_width",
    "giants",
    "haemorrhages",
    "ramified",
    "images",
    "fingers",
)
"""What may stand in braces."""
MOST, LONGEST = 50, 4000
_REMEDY = "Change conclusions.toml, then put it into the report's folder again."


@dataclass(frozen=True)
class ConclusionTemplate:
    """One text: "Density {density} per mm; control in a year."."""

    name: str
    text: str

    def filled(self, facts: Mapping[str, str]) -> str:
        """With the words of each fact in the place of its name."""
        return self.text.format_map(facts)


def read_templates(source: str) -> tuple[ConclusionTemplate, ...]:
    """The templates of a `conclusions.toml`: tables [[conclusion]] with name and text.

    Raises:
        ExportError: it is no TOML, an entry lacks name or text, or a text names what is no fact; says which.
    """
    try:
        entries = bounded_toml(source).get("conclusion", [])
    except TOMLDecodeError as error:
        raise ExportError(f"conclusions.toml cannot be read: {error}", _REMEDY) from error
    if not isinstance(entries, list) or len(entries) > MOST:
        raise ExportError(f"conclusions.toml needs up to {MOST} tables [[conclusion]]", _REMEDY)
    return tuple(_template(number, entry) for number, entry in enumerate(entries, 1))


def _template(number: int, entry: object) -> ConclusionTemplate:
    where = f"conclusions.toml, conclusion {number}"
    if not isinstance(entry, dict) or entry.keys() != {"name", "text"}:
        raise ExportError(f"{where} needs name and text and nothing else", _REMEDY)
    name, text = entry["name"], entry["text"]
    if not isinstance(name, str) or not isinstance(text, str) or not name.strip() or len(text) > LONGEST:
        raise ExportError(f"{where} needs a name and a text of at most {LONGEST} characters", _REMEDY)
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ExportError(f"{where}: {error}", "Write {{ and }} for braces themselves.") from error
    for _, fact, form, conversion in fields:
        if fact is not None and (fact not in FACTS or form or conversion):
            raise ExportError(f"{where}: {{{fact}}} is no fact of an exam", f"There are {', '.join(FACTS)}.")
    return ConclusionTemplate(name, text)
