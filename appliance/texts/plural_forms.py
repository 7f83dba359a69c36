"""Texts with blanks, and with the forms of a count: pages, console and report write them in one notation.

`{name}` is a blank. `{count, plural, one {# exam} other {# exams}}` is the form that the language has for that count,
in the notation of ICU's MessageFormat; `#` is the count as it is written, and a form has no blanks of its own. The
pages' scripts read the same notation in `webui/frontend/src/common/plural_forms.ts`.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from babel import Locale

_BLANK = re.compile(r"\{(\w+)(?:, plural,((?: \w+ \{[^{}]*\})+))?\}")
_FORM = re.compile(r" (\w+) \{([^{}]*)\}")
OTHER = "other"
"""The form that every language has; also of what is no whole number ("1 ± 1", "1.0")."""


def filled(text: str, language: str, values: Mapping[str, object], write: Callable[[object], str] = str) -> str:
    """The text with its blanks filled in once: what a value says is not read again.

    Args:
        write: how a value is written in this language.

    Raises:
        KeyError: a count was not given. A blank without a value stays as it is.
    """

    def fill(blank: re.Match[str]) -> str:
        name, written = blank[1], blank[2]
        if not written:
            return write(values[name]) if name in values else blank[0]
        of: dict[str, str] = dict(_FORM.findall(written))
        return of.get(category(values[name], language), of[OTHER]).replace("#", write(values[name]))

    return _BLANK.sub(fill, text)


def category(count: object, language: str) -> str:
    """CLDR's name of the form that a count takes: "one" of 1, in French of 0 as well."""
    is_whole = isinstance(count, int) or (isinstance(count, str) and count.isdecimal())
    return _rule(language)(int(str(count))) if is_whole else OTHER


def forms(text: str) -> list[tuple[str, dict[str, str]]]:
    """The counts of a text with their forms, in its order."""
    return [(name, dict(_FORM.findall(written))) for name, written in _BLANK.findall(text) if written]


def blanks(text: str) -> set[str]:
    """The names of what a text wants filled in, counts included."""
    return {name for name, _ in _BLANK.findall(text)}


@cache
def _rule(language: str) -> Callable[[int], str]:
    rule: Callable[[int], str] = Locale.parse(language).plural_form
    return rule
