"""Who works with the box."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.domain.errors import AccountError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
LONGEST_FULL_NAME = 80


class Role(Enum):
    """What a person may do; each role may do what those before it may."""

    OPERATOR = "operator"
    PHYSICIAN = "physician"
    ADMINISTRATOR = "administrator"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Account:
    """A person who may log in.

    Attributes:
        account_id: UUIDv7 text.
        name: as typed at the login page and written into every log entry; lower case.
        full_name: as printed under a report.
        role: what they may do.
        is_disabled: may not log in; never deleted, for the log names them.
    """

    account_id: str
    name: str
    full_name: str
    role: Role
    is_disabled: bool = False


@dataclass(frozen=True)
class KeptAccount:
    """An account with what its owner proves to be themselves by.

    Attributes:
        password_hash: Argon2's own text form, with salt and cost.
        session_generation: counts up when every browser must log in again.
        code_expires_at_utc: set while the hash is that of a one-time code, which has to be replaced by a password.
    """

    account: Account
    password_hash: str
    session_generation: int = 0
    code_expires_at_utc: datetime | None = None

    @property
    def has_one_time_code(self) -> bool:
        """Its owner must choose a password before anything else."""
        return self.code_expires_at_utc is not None


def account_name(typed: str) -> str:
    """The name as it is kept: lower case, 2 to 32 of a-z, 0-9, dot, dash and underscore.

    Raises:
        AccountError: it has other characters, or is too short or too long.
    """
    name = typed.strip().casefold()
    if not _NAME.fullmatch(name):
        raise AccountError(
            f"{typed.strip()!r} cannot be a login name",
            "Use 2 to 32 letters without accents, digits, dots, dashes or underscores; begin with a letter or digit.",
        )
    return name


def full_name(typed: str) -> str:
    """The name for reports, with single blanks.

    Raises:
        AccountError: it is empty, longer than 80 characters or has invisible ones.
    """
    name = " ".join(typed.split())
    if not name or len(name) > LONGEST_FULL_NAME or not name.isprintable():
        raise AccountError(f"{name!r} cannot be a full name", f"Type 1 to {LONGEST_FULL_NAME} visible characters.")
    return name


def require_administrator_left(others: Iterable[Account], changed: Account) -> None:
    """Refuse a change after which nobody could manage accounts.

    Args:
        others: every account but the one that changes.
        changed: as it would be.

    Raises:
        AccountError: no administrator who may log in would be left.
    """
    if not any(entry.role is Role.ADMINISTRATOR and not entry.is_disabled for entry in (*others, changed)):
        raise AccountError(
            f"{changed.name} is the last administrator of this box",
            "Make somebody else an administrator first.",
        )
