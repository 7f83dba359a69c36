"""Accounts for the administrator's programs: /api/v1/accounts."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.accounts.account_service import AccountService
from appliance.domain.account import Account, Role
from webui.api.openapi import Body, api_blueprint
from webui.api.text_rules import LOGIN_NAME, NOT_EMPTY
from webui.auth.account_document import AccountDocument, account_document
from webui.auth.current_account import actor

_TAGS = [Tag(name="accounts", description="Who may work with the box; for administrators")]


class AccountPath(BaseModel):
    """Which account."""

    account_id: UUID


class AddBody(Body):
    """A new account."""

    name: str = Field(
        max_length=64, description="2 to 32 of a-z, 0-9, dot, dash and underscore", json_schema_extra=LOGIN_NAME
    )
    full_name: str = Field(max_length=200, json_schema_extra=NOT_EMPTY)
    role: Role


class ChangeAccountBody(Body):
    """What is left out, or null, stays as it is."""

    full_name: str | None = Field(None, max_length=200)
    role: Role | None = None
    is_disabled: bool | None = None


class AccountsAnswer(BaseModel):
    """All accounts."""

    accounts: list[AccountDocument]


class OneAnswer(BaseModel):
    """One account."""

    account: AccountDocument


class CodeAnswer(OneAnswer):
    """An account and what its owner logs in with once; the code is not shown again."""

    one_time_code: str


def accounts_api_blueprint(service: AccountService) -> APIBlueprint:
    """List, add, change, reset."""
    api = api_blueprint("accounts_api", __name__, _TAGS, "/accounts")

    @api.get("", summary="All accounts", responses=_answers(AccountsAnswer))
    def list_all() -> Response:
        documents = [account_document(account) for account in service.store.accounts()]
        return jsonify(AccountsAnswer(accounts=documents).model_dump(mode="json"))

    @api.post("", summary="Add an account", responses=_answers(CodeAnswer))
    def add(body: AddBody) -> Response:
        return _with_code(*service.add(actor(), body.name, body.full_name, body.role))

    @api.patch("/<uuid:account_id>", summary="Change an account", responses=_answers(OneAnswer))
    def change(path: AccountPath, body: ChangeAccountBody) -> Response:
        changed = service.change(
            actor(), str(path.account_id), full=body.full_name, role=body.role, is_disabled=body.is_disabled
        )
        return jsonify(OneAnswer(account=account_document(changed)).model_dump(mode="json"))

    @api.post("/<uuid:account_id>/reset-password", summary="Give a one-time code", responses=_answers(CodeAnswer))
    def reset_password(path: AccountPath) -> Response:
        code = service.reset_password(actor(), str(path.account_id))
        return _with_code(service.account(str(path.account_id)), code)

    @api.post("/<uuid:account_id>/end-sessions", summary="Log out everywhere", responses=_answers(OneAnswer))
    def end_sessions(path: AccountPath) -> Response:
        service.end_sessions(actor(), str(path.account_id))
        account = account_document(service.account(str(path.account_id)))
        return jsonify(OneAnswer(account=account).model_dump(mode="json"))

    return api


def _answers(model: type[BaseModel]) -> dict[Any, Any]:
    return {"200": model}


def _with_code(account: Account, code: str) -> Response:
    answer = CodeAnswer(account=account_document(account), one_time_code=code)
    return jsonify(answer.model_dump(mode="json"))
