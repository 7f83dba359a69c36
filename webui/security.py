"""The gate before every page: unlocked browsers only, and headers that keep foreign code out."""

from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from itsdangerous import BadSignature
from werkzeug.wrappers import Response as BaseResponse

from appliance.domain.account import Account, Role
from webui.access import AccessSecrets
from webui.catalogue import text
from webui.errors import Answer, error_answer
from webui.settings import WebSettings

_OPEN_ENDPOINTS = frozenset({"auth.login", "static", "health.alive", "health.ready"})
_PROLONGING_BLUEPRINTS = frozenset({"live", "exam"})
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def install_security(app: Flask, secrets: AccessSecrets, settings: WebSettings) -> None:
    """Signed cookies, tokens against cross-site requests, the gate and the headers."""
    app.config.update(
        SECRET_KEY=secrets.session_key,
        SESSION_COOKIE_NAME="nailfold_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.is_tls,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_lifetime_h),
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=1 << 20,
    )
    app.before_request(_require_unlocked)
    CSRFProtect(app)
    app.after_request(_add_headers)


def unlock_browser() -> None:
    """Let this browser in; its old session is thrown away."""
    session.clear()
    session.permanent = True
    session["is_unlocked"] = True


def lock_browser() -> None:
    """Send this browser back to the login page."""
    session.clear()


def cookie_unlocks(app: Flask, cookie_header: str) -> bool:
    """Whether a raw Cookie header carries a session that this station unlocked; for the WebSocket's own handshake."""
    cookie = SimpleCookie(cookie_header).get(app.config["SESSION_COOKIE_NAME"])
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    if cookie is None or serializer is None:
        return False
    try:
        stored = serializer.loads(cookie.value, max_age=int(app.permanent_session_lifetime.total_seconds()))
    except BadSignature:
        return False
    return bool(stored.get("is_unlocked"))


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` ("http://box:8080") was served by this very host ("box:8080")."""
    return bool(origin) and urlsplit(origin).netloc.lower() == host.lower()


def _require_unlocked() -> Answer | BaseResponse | None:
    if session.get("is_unlocked"):
        g.account = Account("0", "administrator", "Administrator", Role.ADMINISTRATOR)
        # Only what an operator does prolongs the session. Pictures must not: one still under way while the browser is
        # locked would bring the old cookie back.
        session.modified = request.blueprint in _PROLONGING_BLUEPRINTS
        return None
    if request.endpoint in _OPEN_ENDPOINTS:
        return None
    if request.path.startswith("/api/"):
        return error_answer(text("errors.locked.message"), text("errors.locked.remedy"), 401)
    return redirect(url_for("auth.login", next=request.full_path.rstrip("?") if request.method == "GET" else "/"))


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.path.startswith("/static/dist/assets/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
