"""Who may use the console: for administrators."""

from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, url_for

from appliance.domain.errors import AccountError
from webui.console.fleet_pages import Page
from webui.console.gate import requires
from webui.console.roles import ConsoleRole, role_of
from webui.console.services import ConsoleServices


def install_accounts(app: Flask, services: ConsoleServices) -> None:
    """The page `accounts` and what its forms do."""
    service = services.accounts

    def shown(**more: Any) -> str:
        people = sorted(service.store.accounts(), key=lambda one: one.name)
        return render_template(
            "accounts.html",
            people=[(one, role_of(one).value) for one in people],
            roles=[role.value for role in ConsoleRole],
            section="accounts",
            **more,
        )

    @app.get("/accounts")
    @requires(ConsoleRole.ADMINISTRATOR)
    def accounts() -> Page:
        return shown()

    @app.post("/accounts")
    @requires(ConsoleRole.ADMINISTRATOR)
    def add_account() -> Page | tuple[str, int]:
        name, full = request.form.get("name", ""), request.form.get("full_name", "")
        try:
            account, code = service.add(g.account.name, name, full, _role().kept_as)
        except AccountError as error:
            return shown(problem=f"{error.message}. {error.remedy}", name=name, full_name=full), 400
        return shown(code=code, code_of=account.name)

    @app.post("/accounts/<account_id>")
    @requires(ConsoleRole.ADMINISTRATOR)
    def change_account(account_id: str) -> Page | tuple[str, int]:
        is_disabled = request.form.get("is_disabled") == "1"
        try:
            service.change(g.account.name, account_id, role=_role().kept_as, is_disabled=is_disabled)
        except AccountError as error:
            return shown(problem=f"{error.message}. {error.remedy}"), 400
        return redirect(url_for("accounts"))

    @app.post("/accounts/<account_id>/code")
    @requires(ConsoleRole.ADMINISTRATOR)
    def reset_password(account_id: str) -> Page:
        code = service.reset_password(g.account.name, account_id)
        return shown(code=code, code_of=service.account(account_id).name)


def _role() -> ConsoleRole:
    """As the form says."""
    try:
        return ConsoleRole(request.form.get("role", ""))
    except ValueError:
        abort(400)
