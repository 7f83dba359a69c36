"""Everybody's own account: the page at /account and its part of the API."""

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as BaseResponse

from appliance.accounts.password_policy import LONGEST, SHORTEST
from appliance.domain.errors import AccountError
from appliance.ports import Journal
from webui.api.openapi import Body, api_blueprint
from webui.api.session import refusal
from webui.auth.account_document import AccountDocument, account_document
from webui.auth.browser_login import log_in_browser, log_out_browser
from webui.auth.current_account import current_account
from webui.auth.login_service import LoginOutcome, LoginService
from webui.auth.sessions import Sessions
from webui.errors import Answer, localised
from webui.localisation.catalogue import text
from webui.localisation.formatting import format_moment

_TAGS = [Tag(name="account", description="One's own account")]
_LATEST = 10


class PasswordBody(Body):
    """A new password of one's own."""

    current: str = Field(max_length=LONGEST, description="Ignored after logging in with a one-time code")
    new: str = Field(max_length=LONGEST)


class AccountAnswer(BaseModel):
    """One account."""

    account: AccountDocument


_ANSWER: dict[Any, Any] = {"200": AccountAnswer}


def account_blueprint(service: LoginService, sessions: Sessions, journal: Journal) -> Blueprint:
    """/account and below."""
    pages = Blueprint("account", __name__, url_prefix="/account")

    def show(outcome: LoginOutcome, is_done: bool = False) -> tuple[str, int]:
        account = current_account()
        page = render_template(
            "account.html",
            outcome=outcome,
            is_done=is_done,
            has_code=service.accounts.kept(account.account_id).has_one_time_code,
            entries=reversed(journal.entries(f"account:{account.name}", limit=_LATEST)),
            shortest=SHORTEST,
            longest=LONGEST,
            format_moment=format_moment,
        )
        return page, outcome.status

    @pages.get("/")
    def page() -> tuple[str, int]:
        return show(LoginOutcome(), request.args.get("changed") == "yes")

    @pages.post("/password")
    def choose_password() -> BaseResponse | tuple[str, int]:
        typed = request.form
        if typed.get("new") != typed.get("again"):
            return show(LoginOutcome(problem=text("password.unequal"), status=400))
        outcome = _choose(service, sessions, typed.get("current", ""), typed.get("new", ""))
        return show(outcome) if outcome.kept is None else redirect(url_for("account.page", changed="yes"))

    @pages.post("/end-sessions")
    def end_sessions() -> BaseResponse:
        account = current_account()
        service.accounts.end_sessions(account.name, account.account_id)
        log_out_browser(sessions)
        return redirect(url_for("auth.login"))

    return pages


def account_api_blueprint(service: LoginService, sessions: Sessions) -> APIBlueprint:
    """The same for programs."""
    api = api_blueprint("account_api", __name__, _TAGS, "/account")

    @api.post("/password", summary="Choose a new password; every other browser is logged out", responses=_ANSWER)
    def choose_password(body: PasswordBody) -> Answer:
        outcome = _choose(service, sessions, body.current, body.new)
        if outcome.kept is None:
            return refusal(outcome)
        return jsonify(account=account_document(outcome.kept.account).model_dump(mode="json"))

    @api.post("/end-sessions", summary="Log out everywhere, here too", responses=_ANSWER)
    def end_sessions() -> Response:
        account = current_account()
        service.accounts.end_sessions(account.name, account.account_id)
        log_out_browser(sessions)
        return jsonify(account=account_document(account).model_dump(mode="json"))

    return api


def _choose(service: LoginService, sessions: Sessions, current: str, new: str) -> LoginOutcome:
    account, address = current_account(), request.remote_addr or ""
    try:
        outcome = service.choose_password(account, current, new, address)
    except AccountError as error:
        problem, remedy = localised(error)
        return LoginOutcome(problem=problem, remedy=remedy, status=409)
    if outcome.kept is not None:
        log_in_browser(sessions.issue(outcome.kept), account)
    return outcome
