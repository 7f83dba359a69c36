"""Numbers in text files of other programmes."""

import re

_WRITTEN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|nan)", re.ASCII | re.IGNORECASE)


def number_of(text: str) -> float:
    """The number that a text is, with a decimal point; what is not finite too, for whoever asks to say so.

    Python alone would take "1_5" for 15.

    Raises:
        ValueError: it is none.
    """
    plain = text.strip()
    if not _WRITTEN.fullmatch(plain):
        raise ValueError(f"{text[:40]!r} is no number")
    return float(plain)
