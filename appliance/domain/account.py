"""Who works with the box."""

from dataclasses import dataclass
from enum import Enum


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
