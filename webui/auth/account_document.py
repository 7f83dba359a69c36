"""Accounts as the API sends them."""

from pydantic import BaseModel, Field

from appliance.domain.account import Account, Role


class AccountDocument(BaseModel):
    """A person who may log in."""

    account_id: str
    name: str = Field(description="As typed at the login page")
    full_name: str = Field(description="As printed under a report")
    role: Role
    is_disabled: bool


def account_document(account: Account) -> AccountDocument:
    """The document of one account."""
    return AccountDocument(
        account_id=account.account_id,
        name=account.name,
        full_name=account.full_name,
        role=account.role,
        is_disabled=account.is_disabled,
    )
