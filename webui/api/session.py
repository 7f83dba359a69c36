"""Logging in and out by programs: /api/v1/session and /api/v1/setup."""

from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_wtf.csrf import generate_csrf
from pydantic import BaseModel, Field

from appliance.accounts.password_policy import LONGEST
from webui.api.openapi import OPEN_TO_CHANGE, OPEN_TO_READ, Body, api_blueprint
from webui.api.text_rules import LOGIN_NAME, NOT_EMPTY
from webui.auth.account_document import AccountDocument, account_document
from webui.auth.browser_login import log_in_browser, log_out_browser
from webui.auth.current_account import actor, logged_in_account
from webui.auth.known_devices import known_device, remember_device
from webui.auth.login_service import LoginOutcome, LoginService
from webui.auth.sessions import Sessions
from webui.errors import Answer, error_answer

_TAGS = [Tag(name="session", description="Logging in and out")]


class LoginBody(Body):
    """Who it is."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=LONGEST, description="Or the one-time code")


class SetUpBody(Body):
    """The administrator of a new box."""

    code: str = Field(max_length=32, description="The two words that the station shows when it starts")
    name: str = Field(max_length=64, json_schema_extra=LOGIN_NAME)
    full_name: str = Field(max_length=200, json_schema_extra=NOT_EMPTY)
    password: str = Field(max_length=LONGEST)


class SessionAnswer(BaseModel):
    """Who is logged in, and the token that every changing request carries as X-CSRFToken."""

    account: AccountDocument | None
    must_choose_password: bool = Field(description="A one-time code was used: POST /account/password comes first")
    is_set_up: bool = Field(description="False until the administrator was made")
    csrf_token: str


_ANSWER: dict[Any, Any] = {"200": SessionAnswer}


def session_api_blueprint(service: LoginService, sessions: Sessions) -> APIBlueprint:
    """The session's verbs; each answers with the session as it then is."""
    api = api_blueprint("session_api", __name__, _TAGS)

    def answer() -> Response:
        account = logged_in_account()
        is_pending = account is not None and service.accounts.kept(account.account_id).has_one_time_code
        found = SessionAnswer(
            account=None if account is None else account_document(account),
            must_choose_password=is_pending,
            is_set_up=service.accounts.is_set_up,
            csrf_token=generate_csrf(),
        )
        return jsonify(found.model_dump(mode="json"))

    def enter(outcome: LoginOutcome) -> Answer:
        if outcome.kept is None:
            return refusal(outcome)
        log_in_browser(sessions.issue(outcome.kept), outcome.kept.account)
        remember_device(outcome.kept.account.name)
        return answer()

    @api.get("/session", summary="Who is logged in, and the token", responses=_ANSWER, security=OPEN_TO_READ)
    def show() -> Response:
        return answer()

    @api.post("/session", summary="Log in", responses=_ANSWER, security=OPEN_TO_CHANGE)
    def log_in(body: LoginBody) -> Answer:
        return enter(service.log_in(body.name, body.password, request.remote_addr or "", known_device(body.name)))

    @api.delete("/session", summary="Log out", responses=_ANSWER)
    def log_out() -> Response:
        name = actor()
        log_out_browser(sessions)
        service.accounts.note_when_possible(name, "logged_out")
        return answer()

    @api.post("/setup", summary="Make the administrator of a new box", responses=_ANSWER, security=OPEN_TO_CHANGE)
    def set_up(body: SetUpBody) -> Answer:
        outcome = service.set_up(body.code, body.name, body.full_name, body.password, request.remote_addr or "")
        return enter(outcome)

    return api


def refusal(outcome: LoginOutcome) -> Answer:
    """The fault of a try that failed, with the wait before the next."""
    answer = error_answer(outcome.problem, outcome.remedy, outcome.status)
    if outcome.wait_s and isinstance(answer, tuple) and isinstance(answer[0], Response):
        answer[0].headers["Retry-After"] = str(outcome.wait_s)
    return answer
