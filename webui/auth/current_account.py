"""Who is asking: the account behind a request, and what it may do."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, has_request_context

from appliance.domain.account import Account, Role
from appliance.domain.errors import AccessError
from webui.localisation.catalogue import text

STATION = "station"
ROLE_ATTRIBUTE = "required_role"
P = ParamSpec("P")
R = TypeVar("R")


def logged_in_account() -> Account | None:
    """The account logged in at the browser that sent this request, if any."""
    account: Account | None = g.get("account")
    return account


def current_account() -> Account:
    """The account logged in at the browser that sent this request.

    Raises:
        AccessError: nobody is; the gate in security.py lets no such request reach a page that needs an account.
    """
    account = logged_in_account()
    if account is None:
        raise AccessError(text("errors.locked.message"), text("errors.locked.remedy"))
    return account


def actor() -> str:
    """The name for a log entry: the account's, or "station" for what happens outside of any request."""
    return current_account().name if has_request_context() else STATION


def require(role: Role) -> None:
    """Refuse the request of an account whose role does not include `role`; answered with 403.

    Raises:
        AccessError: it does not.
    """
    if not current_account().role.includes(role):
        raise AccessError(text("errors.role.message", role=text(f"role.{role.value}")), text("errors.role.remedy"))


def requires(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets only accounts with that role, or more, reach a view. Put it below the route's own decorator."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            require(role)
            return view(*args, **kwargs)

        setattr(guarded, ROLE_ATTRIBUTE, role)
        return guarded

    return decorate
