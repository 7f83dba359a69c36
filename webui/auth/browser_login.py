"""The login in a browser's cookie: written, taken away, and read without a request."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, g, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from werkzeug.http import parse_cookie

from appliance.domain.account import Account
from webui.auth.sessions import Sessions

LOGIN = "login"
"""The session's member that holds the login."""
SESSIONS = "nailfold_sessions"
"""The application's extension that knows which logins hold."""


def log_in_browser(login: Mapping[str, Any], account: Account) -> None:
    """Let this browser in; whatever its session held before is thrown away."""
    session.clear()
    g.pop("csrf_token", None)
    g.account = account
    session.permanent = True
    session[LOGIN] = dict(login)


def log_out_browser(sessions: Sessions) -> None:
    """End this browser's login, also for copies of its cookie."""
    sessions.end(session.get(LOGIN))
    session.clear()
    g.pop("csrf_token", None)
    g.pop("account", None)


def stored_login(app: Flask, cookie_header: str) -> object:
    """What a raw Cookie header carries as its login, by signature and age; for the WebSocket's own handshake.

    Read as Flask reads it for pages. Python's own SimpleCookie takes the square of a value of backslashes
    (CVE-2024-7592): 60 kB of a stranger's would hold up every live picture for seconds.
    """
    cookie = parse_cookie(cookie_header).get(app.config["SESSION_COOKIE_NAME"])
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    if cookie is None or serializer is None:
        return None
    try:
        stored = serializer.loads(cookie, max_age=int(app.permanent_session_lifetime.total_seconds()))
    except BadSignature:
        return None
    return stored.get(LOGIN)


def login_holds(app: Flask, login: object) -> bool:
    """Whether a login may still see the live picture."""
    sessions: Sessions = app.extensions[SESSIONS]
    kept = sessions.account_of(login)
    return kept is not None and not kept.has_one_time_code
