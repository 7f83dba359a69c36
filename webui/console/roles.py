"""What a person may do on the console."""

from enum import Enum

from appliance.domain.account import Account, Role


class ConsoleRole(Enum):
    """Each may do what those before it may.

    VIEWER sees everything; OPERATOR pauses rollouts and names sites; ADMINISTRATOR manages accounts.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    @property
    def kept_as(self) -> Role:
        """The account code's own role of the same rank, under which it is kept."""
        return list(Role)[list(ConsoleRole).index(self)]


def role_of(account: Account) -> ConsoleRole:
    """What an account of the console may do."""
    return list(ConsoleRole)[list(Role).index(account.role)]


def may(account: Account | None, role: ConsoleRole) -> bool:
    """Whether an account may do what `role` may; nobody may nothing."""
    return account is not None and account.role.includes(role.kept_as)
