"""Names of files from other systems: shown, compared, and made safe to write."""

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

LONGEST_PART_BYTES = 180
"""Of one part of a path that is written: file systems take 255, and a suffix follows."""

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?: *\..*)?", re.IGNORECASE
)
_RESERVED = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


def shown(text: str) -> str:
    r"""Text that any terminal, log and JSON file can hold: bytes of a name that are not UTF-8 become \xff.

    So do control characters, which a terminal would obey, and marks of direction, which make "gpj.exe" of "exe.jpg".
    Letters and their accents are joined (NFC), as every system but macOS writes them.
    """
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    tame = _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), plain)
    return unicodedata.normalize("NFC", tame)


def same_name(text: str) -> str:
    """Equal for names that a person, or a file system without regard to case, takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", shown(text)).casefold())


def inner_path(name: str) -> PurePosixPath:
    """A relative path for an output that is called `name`: below its folder, whatever `name` says, and bounded.

    "..", "." and roots are left out, control characters and those that other systems refuse become "_", as do dots and
    spaces at an end, which Windows drops; its devices (CON, COM1) get a "_" before them. A part of more than
    LONGEST_PART_BYTES is cut and told apart by a digest of the whole.
    """
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "//", ".", "..")]
    return PurePosixPath(*(_bounded(part) for part in parts)) if parts else PurePosixPath("_")


def _bounded(part: str) -> str:
    plain = _RESERVED.sub("_", shown(_RESERVED.sub("_", part)))
    bare = plain.rstrip(". ")
    plain = bare + "_" * (len(plain) - len(bare))
    if _WINDOWS_DEVICE.fullmatch(plain):
        plain = f"_{plain}"
    coded = plain.encode("utf-8")
    if len(coded) <= LONGEST_PART_BYTES:
        return plain
    mark = hashlib.sha256(part.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{coded[: LONGEST_PART_BYTES - 13].decode('utf-8', 'ignore')}-{mark}"
