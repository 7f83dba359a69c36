"""What each role may do, in one place. Each role may do what those above it in the list may."""

from collections.abc import Mapping

from flask import Flask

from appliance.domain.account import Role
from webui.auth.current_account import ROLE_ATTRIBUTE

OPEN = frozenset(
    {
        "static",
        "auth.login",
        "auth.set_up",
        "session_api.show",
        "session_api.log_in",
        "session_api.set_up",
        "health.alive",
        "health.ready",
    }
)
"""Endpoints for everybody who reaches the box."""

FOR_ONE_TIME_CODES = frozenset(
    {"account.page", "account.choose_password", "auth.logout", "account_api.choose_password", "session_api.log_out"}
)
"""All that an account with a one-time code may do: replace it by a password, or leave."""

# A whole group of pages ("exam"), or one of its pages that needs another role ("exam.finish"). Views can also say it
# themselves, by `requires`. What is neither here nor there is the administrator's alone.
ROLES: Mapping[str, Role] = {
    # Operator: look at the live picture, capture exams, see what is kept.
    "live": Role.OPERATOR,
    "exam": Role.OPERATOR,
    "guided": Role.OPERATOR,
    "exams": Role.OPERATOR,
    "exams_api": Role.OPERATOR,
    "pattern": Role.OPERATOR,
    "patients": Role.OPERATOR,
    "patients_api": Role.OPERATOR,
    "projects": Role.OPERATOR,
    "folders_api": Role.OPERATOR,
    "collections": Role.OPERATOR,
    "collections_api": Role.OPERATOR,
    "review": Role.OPERATOR,
    "review_page": Role.OPERATOR,
    "vessels": Role.OPERATOR,
    "account": Role.OPERATOR,
    "account_api": Role.OPERATOR,
    "auth": Role.OPERATOR,
    "session_api": Role.OPERATOR,
    "about": Role.OPERATOR,
    "openapi": Role.OPERATOR,
    "figures": Role.OPERATOR,
    "trends": Role.OPERATOR,
    "jobs": Role.OPERATOR,
    "files": Role.OPERATOR,
    # A report that nobody validated is marked on every page; the rating in its form and its settings say who may.
    "report": Role.OPERATOR,
    "report_api": Role.OPERATOR,
    # Operators see which scale applies and say what the ring stands at; what calibrates says so itself.
    "calibration": Role.OPERATOR,
    "calibration_api": Role.OPERATOR,
    # Pressing is refused by every board but a simulated one.
    "board": Role.OPERATOR,
    "board_api": Role.OPERATOR,
    # Physician: also review, validate, report, export. What changes a review says so itself.
    # Administrator: also accounts, settings, calibration.
    "accounts": Role.ADMINISTRATOR,
    "accounts_api": Role.ADMINISTRATOR,
}


def declared_role(app: Flask, endpoint: str) -> Role | None:
    """The role an endpoint was given; None where nobody thought of it."""
    said_by_view: Role | None = getattr(app.view_functions.get(endpoint), ROLE_ATTRIBUTE, None)
    return said_by_view or ROLES.get(endpoint) or ROLES.get(endpoint.rpartition(".")[0])


def required_role(app: Flask, endpoint: str) -> Role:
    """The role a request for that endpoint needs."""
    return declared_role(app, endpoint) or Role.ADMINISTRATOR
