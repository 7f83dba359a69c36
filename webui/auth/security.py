"""The gate before every page: people who logged in, and headers that keep foreign code out."""

from datetime import timedelta

from flask import Flask, Response, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as BaseResponse

from appliance.accounts.access import AccessSecrets
from appliance.accounts.account_service import AccountService
from appliance.domain.account import KeptAccount, Role
from webui.auth.browser_login import LOGIN, SESSIONS
from webui.auth.current_account import logged_in_account, require
from webui.auth.host_names import HOSTS, HostNames, is_same_origin
from webui.auth.permissions import FOR_ONE_TIME_CODES, OPEN, required_role
from webui.auth.sessions import Sessions
from webui.errors import Answer, error_answer
from webui.localisation.catalogue import text
from webui.settings import WebSettings

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# No Strict-Transport-Security: with a certificate of the box's own it would take the browser's way past the warning.
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Not "no-referrer": under it a browser sends the station's own forms with "Origin: null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def install_security(
    app: Flask,
    secrets: AccessSecrets,
    settings: WebSettings,
    service: AccountService,
    sessions: Sessions,
    hosts: HostNames,
) -> CSRFProtect:
    """Names of the box, signed cookies, tokens against cross-site requests, the gate and the headers."""
    app.config.update(
        SECRET_KEY=secrets.session_key,
        SESSION_COOKIE_NAME="nailfold_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.is_tls,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_idle_h),
        WTF_CSRF_TIME_LIMIT=None,
        # It would ask programs for a Referer; `_refuse_other_origins` looks at what browsers always send.
        WTF_CSRF_SSL_STRICT=False,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=1 << 20,
    )
    app.extensions[SESSIONS] = sessions
    app.extensions[HOSTS] = hosts

    def gate() -> Answer | BaseResponse | None:
        return _gate(app, service, sessions)

    app.before_request(lambda: _refuse_other_names(hosts))
    app.before_request(_refuse_other_origins)
    app.before_request(gate)
    protection = CSRFProtect(app)
    app.after_request(_prolong)
    app.after_request(_add_headers)
    app.context_processor(lambda: {"account": logged_in_account(), "may": _may})
    return protection


def _refuse_other_names(hosts: HostNames) -> Answer | None:
    host = request.headers.get("Host", "")
    if hosts.knows(host):
        return None
    # 421 Misdirected Request (RFC 9110, 15.5.20).
    return error_answer(text("errors.host.message", host=host[:100]), text("errors.host.remedy"), 421)


def _refuse_other_origins() -> Answer | None:
    """A browser names the page behind a changing request; programs name none. The token is asked for in both cases."""
    if request.method in _SAFE_METHODS:
        return None
    origin = request.headers.get("Origin")
    is_foreign = origin is not None and not is_same_origin(origin, request.host)
    if is_foreign or request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return error_answer(text("errors.csrf.message"), text("errors.csrf.remedy"), 400)
    return None


def _gate(app: Flask, service: AccountService, sessions: Sessions) -> Answer | BaseResponse | None:
    kept = sessions.account_of(session.get(LOGIN))
    if kept is not None:
        g.account = kept.account
    elif LOGIN in session:
        session.clear()
    if request.endpoint in OPEN:
        return None
    if kept is None:
        return _ask_to_log_in(service)
    return None if request.endpoint is None else _check(app, request.endpoint, kept)


def _check(app: Flask, endpoint: str, kept: KeptAccount) -> Answer | BaseResponse | None:
    if kept.has_one_time_code and endpoint not in FOR_ONE_TIME_CODES:
        if request.path.startswith("/api/"):
            return error_answer(text("errors.code.message"), text("errors.code.remedy"), 403)
        return redirect(url_for("account.page"))
    require(required_role(app, endpoint))
    return None


def _ask_to_log_in(service: AccountService) -> Answer | BaseResponse:
    if request.path.startswith("/api/"):
        return error_answer(text("errors.locked.message"), text("errors.locked.remedy"), 401)
    if not service.is_set_up:
        return redirect(url_for("auth.set_up"))
    return redirect(url_for("auth.login", next=request.full_path.rstrip("?") if request.method == "GET" else "/"))


def _prolong(response: Response) -> Response:
    # Only what somebody does prolongs the login: pages and changes. Pictures must not, they also come by themselves.
    if g.get("account") is not None and LOGIN in session:
        is_doing = request.method not in _SAFE_METHODS or response.mimetype == "text/html"
        session.modified = session.modified or is_doing
    return response


def _may(role: str) -> bool:
    """For templates: whether to show what needs that role."""
    account = logged_in_account()
    return account is not None and account.role.includes(Role(role))


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.path.startswith("/static/dist/assets/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
