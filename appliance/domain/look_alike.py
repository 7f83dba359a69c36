"""Pseudonyms that an eye takes for one another."""

import re
import unicodedata
from collections.abc import Iterable

from appliance.domain.errors import ExamError
from appliance.domain.patient import PatientEntry

# What is drawn like a Latin letter or a figure, as it is written: capitals and small letters differ (Greek Nu, nu).
_DRAWN = str.maketrans(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f9"  # Greek capitals
    "\u03b1\u03b3\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u03f2\u03f3"  # Greek
    "\u0410\u0412\u0415\u0417\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u04ae\u051a\u051c"
    "\u0430\u0432\u0435\u0437\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04af\u051b\u051d"
    "\u0131\u0251\u0261\u0454\u0501\u04bb\u04cf\u04c0\u0555\u0585\u0578\u0570\u1d0f\u029f|!",
    "ABEZHIKMNOPTYXCayenikuvoptuxwcjABE3KMHOPCTYXSIJYQWabe3kmhopctyxsijyqwiagedhliOonholll",
)
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that draw nothing; what Unicode calls marks and formatting goes too."""
_MARKS = frozenset({"Mn", "Me", "Cf", "Cc"})
_ONE = str.maketrans("oil", "011")
_SEPARATORS = re.compile(r"[\s\W_]+")
_AT_A_FIGURE = re.compile(r"(?<=[a-z])-(?=\d)")


class LookAlikeError(ExamError):
    """A new patient's pseudonym looks like one that is here: the same patient, or another?

    Attributes:
        pseudonyms: those that it looks like.
    """

    def __init__(self, pseudonyms: tuple[str, ...]) -> None:
        # The pseudonyms themselves stay out of the text: errors reach the log.
        super().__init__(
            "a patient is here already whose pseudonym looks like this one",
            "Choose that patient, or say that this is another one.",
        )
        self.pseudonyms = pseudonyms


def require_no_look_alike(alike: Iterable[PatientEntry], is_another: bool) -> None:
    """A pseudonym that looks like a patient's never makes a second one unasked, nor counts as the first.

    Args:
        alike: patients whose pseudonym looks like the new one's.
        is_another: a person said that this is another patient.

    Raises:
        LookAlikeError: nobody did, and there is such a patient.
    """
    found = tuple(one.patient.pseudonym for one in alike)
    if found and not is_another:
        raise LookAlikeError(found)


def looks_as(pseudonym: str) -> str:
    """Equal for two pseudonyms that are taken for one another on a screen, on paper or by a typist.

    Alike are O and 0, I, l and 1, capitals and small letters, letters with and without accents, Latin, Greek and
    Cyrillic letters of one shape, the figures of all scripts, every separator, and one or none between letter and
    figure; what draws nothing does not count. "S1-11" and "S11-1" stay apart.
    """
    apart = unicodedata.normalize("NFKD", pseudonym)
    seen = "".join(one for one in apart if unicodedata.category(one) not in _MARKS and one not in _UNSEEN)
    latin = "".join(_figure(one) for one in seen.translate(_DRAWN)).replace("rn", "m").replace("vv", "w")
    joined = _SEPARATORS.sub("-", latin.casefold().translate(_ONE)).strip("-")
    return _AT_A_FIGURE.sub("", joined)


def _figure(one: str) -> str:
    value = unicodedata.decimal(one, None)
    return one if value is None else str(value)
