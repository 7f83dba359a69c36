"""The administrator's pages about accounts: /accounts and one page for each."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.accounts.account_service import CODE_LIFETIME, AccountService
from appliance.domain.account import Role
from appliance.domain.errors import AccountError
from appliance.ports import Journal
from webui.auth.current_account import actor
from webui.localisation.catalogue import text
from webui.localisation.formatting import format_moment

Page = tuple[str, int]
_LATEST = 20
_ROLES = tuple(Role)


def accounts_blueprint(service: AccountService, journal: Journal) -> Blueprint:
    """/accounts and everything below it."""
    pages = Blueprint("accounts", __name__, url_prefix="/accounts")

    def list_with(problem: AccountError | None = None) -> Page:
        kept = [service.kept(account.account_id) for account in service.store.accounts()]
        page = render_template("accounts.html", kept=kept, roles=_ROLES, problem=problem, typed=request.form)
        return page, 409 if problem else 200

    def one_with(account_id: str, problem: AccountError | None = None) -> Page:
        kept = service.kept(account_id)
        entries = journal.entries(f"account:{kept.account.name}", limit=_LATEST)[::-1]
        page = render_template(
            "account_edit.html", kept=kept, roles=_ROLES, entries=entries, problem=problem, format_moment=format_moment
        )
        return page, 409 if problem else 200

    def show_code(account_id: str, code: str) -> Page:
        hours = int(CODE_LIFETIME.total_seconds() // 3600)
        return render_template("one_time_code.html", other=service.account(account_id), code=code, hours=hours), 200

    @pages.get("/")
    def list_page() -> Page:
        return list_with()

    @pages.post("/")
    def add() -> Page:
        typed = request.form
        try:
            account, code = service.add(
                actor(), typed.get("name", ""), typed.get("full_name", ""), _role(typed.get("role"))
            )
        except AccountError as problem:
            return list_with(problem)
        return show_code(account.account_id, code)

    @pages.get("/<uuid:account_id>")
    def one_page(account_id: object) -> Page:
        return one_with(str(account_id))

    @pages.post("/<uuid:account_id>")
    def change(account_id: object) -> Response | Page:
        typed = request.form
        try:
            service.change(
                actor(),
                str(account_id),
                full=typed.get("full_name"),
                role=_role(typed["role"]) if "role" in typed else None,
                is_disabled={"yes": True, "no": False}.get(typed.get("is_disabled", "")),
            )
        except AccountError as problem:
            return one_with(str(account_id), problem)
        return redirect(url_for("accounts.one_page", account_id=account_id))

    @pages.post("/<uuid:account_id>/reset-password")
    def reset_password(account_id: object) -> Page:
        return show_code(str(account_id), service.reset_password(actor(), str(account_id)))

    @pages.post("/<uuid:account_id>/end-sessions")
    def end_sessions(account_id: object) -> Response:
        service.end_sessions(actor(), str(account_id))
        return redirect(url_for("accounts.one_page", account_id=account_id))

    return pages


def _role(value: str | None) -> Role:
    try:
        return Role(value)
    except ValueError:
        raise AccountError(text("accounts.no_role"), text("accounts.no_role_remedy")) from None
