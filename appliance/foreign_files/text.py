"""Text files of other programmes as text: with or without a byte order mark, UTF-8 or UTF-16, any line ends."""

import codecs
from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    """The text of a file with plain line ends.

    Raises:
        OSError: it is not there or may not be read.
        UnicodeError: it is neither UTF-8 nor UTF-16 or 32.
    """
    return decode_text(path.read_bytes())


def decode_text(content: bytes) -> str:
    """The same of its bytes. Windows' "Unicode" is UTF-16; without a mark its zeros tell which half comes first.

    Raises:
        UnicodeError: it is none of these.
    """
    try:
        text = content.decode(_coding(content))
    except UnicodeDecodeError as error:
        raise UnicodeError(
            f"neither UTF-8 nor UTF-16: byte {error.start + 1} is 0x{content[error.start]:02x}"
        ) from error
    if "\0" in text:
        raise UnicodeError("neither UTF-8 nor UTF-16: it holds zero bytes")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _coding(content: bytes) -> str:
    for mark, coding in _MARKS:
        if content.startswith(mark):
            return coding
    if len(content) >= 2 and len(content) % 2 == 0:
        even, odd = content[::2], content[1::2]
        if odd.count(0) * 2 > len(odd) and 0 not in even:
            return "utf-16-le"
        if even.count(0) * 2 > len(even) and 0 not in odd:
            return "utf-16-be"
    return "utf-8"
