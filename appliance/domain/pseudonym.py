"""The rule for what may stand for a patient on this box."""

import itertools
import re
import unicodedata

from appliance.domain.errors import ExamError

LONGEST_PSEUDONYM = 64

# Year first or last with any separator, two-figure years only with dots or slashes, and eight figures in a row.
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2}"
    r"|\d{1,2}[./]\d{1,2}[./]\d{2}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)


def require_pseudonym(text: str) -> str:
    """The pseudonym without surrounding spaces, in the characters of every keyboard.

    Wide letters and figures, the many dashes and spaces of text programmes become the plain ones: what looks the same
    on the screen is the same patient.

    It is refused when it looks like a person's name (two words of letters side by side) or holds a date: such a thing
    would leave the clinic with every message. The rule cannot know every name; a single surname passes.

    Raises:
        ExamError: empty, over 64 characters, not printable, or looking like a name or a date.
    """
    pseudonym = _plain(text).strip()
    if not pseudonym:
        raise _refused("it is empty", "Enter the pseudonym that the clinic gave this patient.")
    if len(pseudonym) > LONGEST_PSEUDONYM:
        raise _refused(f"it has {len(pseudonym)} characters", f"Use at most {LONGEST_PSEUDONYM}.")
    if not pseudonym.isprintable():
        raise _refused("it has characters that cannot be printed", "Type it instead of pasting it.")
    if _DATE.search(pseudonym):
        raise _refused("it holds what looks like a date", "Use a pseudonym without the birth date.")
    if _looks_like_a_name(pseudonym):
        raise _refused("it looks like a person's name", "Use the clinic's pseudonym, for example NC-0042.")
    return " ".join(pseudonym.split())


def _plain(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text)
    return "".join("-" if unicodedata.category(one) == "Pd" or one == "\N{MINUS SIGN}" else one for one in wide)


def _refused(reason: str, remedy: str) -> ExamError:
    # The value itself is left out: messages of errors reach the log.
    return ExamError(f"the pseudonym was refused: {reason}", remedy)


def _looks_like_a_name(text: str) -> bool:
    words = [word.replace("-", "").replace("'", "") for word in re.split(r"[\s,]+", text)]
    are_letters = [len(word) > 1 and word.isalpha() for word in words]
    return any(first and second for first, second in itertools.pairwise(are_letters))
