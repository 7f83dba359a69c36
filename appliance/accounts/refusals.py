"""Why a password is not taken: a reason that the pages translate, with the sentence in English."""

from collections.abc import Mapping

from appliance.domain.errors import AccountError, NotKeptError

ADVICE = "Take {shortest} or more characters, best a few words that mean something to you alone."
CURRENT_REMEDY = "Type it again; the administrator can give you a one-time code."
REASONS: Mapping[str, str] = {
    "short": "The password has fewer than {shortest} characters",
    "long": "The password has more than {longest} characters",
    "pattern": "The password is a pattern of keys or a repetition",
    "own_name": "The password contains your own name",
    "common": "The password is one of those that are tried first",
    "current_wrong": "The current password is not right",
}


class UnknownAccountError(NotKeptError):
    """There is no account with that id."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"there is no account {account_id}", "Go back to the list of accounts.")


class PasswordRefusedError(AccountError):
    """A password that cannot be taken.

    Attributes:
        reason: key of `REASONS`.
        values: what the sentences' placeholders stand for.
    """

    def __init__(self, reason: str, **values: int) -> None:
        remedy = CURRENT_REMEDY if reason == "current_wrong" else ADVICE
        super().__init__(REASONS[reason].format(**values), remedy.format(**values))
        self.reason = reason
        self.values: Mapping[str, int] = values
