"""People by their full names, wherever a person reads who did something; logins stay in records for machines."""

from collections.abc import Callable

from appliance.ports import AccountStore

FullName = Callable[[str], str]
"""The full name of an account by its login; the login itself where there was never such an account."""


def full_names(accounts: AccountStore) -> FullName:
    """The one way from a login to a name; accounts that were disabled keep theirs."""

    def full_name(login: str) -> str:
        kept = accounts.by_name(login)
        return login if kept is None else kept.account.full_name or login

    return full_name
