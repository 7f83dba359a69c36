"""Which passwords are refused: by NIST SP 800-63B the short and the guessable, whatever characters they are made of."""

import unicodedata
from functools import cache
from importlib import resources

from appliance.accounts.refusals import PasswordRefusedError

SHORTEST = 10
# Generous to pass phrases, and a bound to the work that a stranger can cause.
LONGEST = 128
# What people put in the place of letters.
_LEET = str.maketrans("013457@$!", "oieastasi")
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "abcdefghijklmnopqrstuvwxyz")


def require_good_password(password: str, login_name: str, full_name: str = "") -> None:
    """Refuse what is too short, too long, common, a pattern, or made of the person's own names.

    Raises:
        PasswordRefusedError: it is; says which.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(plain) < SHORTEST:
        raise _refusal("short")
    if len(plain) > LONGEST:
        raise _refusal("long")
    if _is_pattern(plain):
        raise _refusal("pattern")
    if any(part in plain for part in _own_words(login_name, full_name)):
        raise _refusal("own_name")
    if {plain, _core(plain)} & _common():
        raise _refusal("common")


def _refusal(reason: str) -> PasswordRefusedError:
    return PasswordRefusedError(reason, shortest=SHORTEST, longest=LONGEST)


def _own_words(login_name: str, full_name: str) -> list[str]:
    parts = [login_name, *full_name.casefold().replace(".", " ").split()]
    return [part for part in parts if len(part) >= 4]


def _is_pattern(plain: str) -> bool:
    """One to three characters over and over, or a walk along a row of keys or the alphabet."""
    if any(plain == (plain[:size] * len(plain))[: len(plain)] for size in (1, 2, 3)):
        return True
    walks = [way for row in _ROWS for way in (row * 3, row[::-1] * 3)]
    return any(plain in walk for walk in walks)


def _core(plain: str) -> str:
    """The word under the decoration: "P@ssw0rd2024!" is "password"."""
    return plain.strip("0123456789!.,?*#+-_ ").translate(_LEET)


@cache
def _common() -> frozenset[str]:
    listed = resources.files(__package__).joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in listed.splitlines() if line and not line.startswith("#"))
