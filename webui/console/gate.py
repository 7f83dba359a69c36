"""Who comes in: a login for every page, a role for what changes something, and the headers of every answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, abort, g, redirect, render_template, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from appliance.domain.errors import AccountError, ApplianceError, NotKeptError, SettingsError
from webui.auth.browser_login import LOGIN
from webui.auth.sessions import Sessions
from webui.console.roles import ConsoleRole, may
from webui.console.services import ConsoleServices
from webui.console.words import say
from webui.localisation.language import current_language

P = ParamSpec("P")
R = TypeVar("R")
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_STATUSES = ((NotKeptError, 404), (AccountError, 409), (SettingsError, 400))
_OPEN = ("login", "static")
_WITH_ONE_TIME_CODE = ("password", "logout", *_OPEN)


def requires(role: ConsoleRole) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A page that only accounts with that role, or more, may call."""

    def decorate(page: Callable[P, R]) -> Callable[P, R]:
        @wraps(page)
        def guarded(*arguments: P.args, **named: P.kwargs) -> R:
            if not may(g.account, role):
                abort(403, say("not_allowed", role=say(f"role_{role.value}")))
            return page(*arguments, **named)

        return guarded

    return decorate


def install_gate(app: Flask, services: ConsoleServices, sessions: Sessions) -> None:
    """Nothing is shown to anybody who has not logged in; who has a one-time code chooses a password first."""

    @app.before_request
    def require_text() -> None:
        if any("\0" in text for text in (*request.args.values(), *request.form.values())):
            abort(400)  # PostgreSQL has no such text, and would be said to be away

    @app.before_request
    def require_login() -> BaseResponse | None:
        kept = sessions.account_of(session.get(LOGIN))
        g.account = None if kept is None else kept.account
        g.has_one_time_code = kept is not None and kept.has_one_time_code
        if kept is None and request.endpoint not in _OPEN:
            return redirect(url_for("login"))
        if g.has_one_time_code and request.endpoint not in _WITH_ONE_TIME_CODE:
            return redirect(url_for("password"))
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(ApplianceError)
    def explain(error: ApplianceError) -> tuple[str, int]:
        status = next((status for family, status in _STATUSES if isinstance(error, family)), 503)
        return render_template("problem.html", problem=error.message, remedy=error.remedy), status

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[str, int]:
        return render_template("problem.html", problem=error.description or "", remedy=""), error.code or 500

    @app.context_processor
    def common() -> dict[str, Any]:
        account = g.get("account")
        return {
            "account": account,
            "is_operator": may(account, ConsoleRole.OPERATOR),
            "is_administrator": may(account, ConsoleRole.ADMINISTRATOR),
            "language": current_language(),
            "now": services.now_utc(),
        }
