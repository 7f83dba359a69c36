"""Browsers that somebody logged in with before: guesses from elsewhere do not make them wait."""

import secrets
from typing import Any

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "nailfold_device"
# As long as browsers keep a cookie (RFC 6265bis, 5.5: 400 days).
_LIFETIME_S = 400 * 86_400
_MOST_NAMES = 16


def known_device(name: str) -> str | None:
    """The id of the browser that sends this request, where that account has logged in with it before."""
    device = _device()
    return str(device["id"]) if device is not None and _key(name) in device["names"] else None


def remember_device(name: str) -> None:
    """With the answer to this request: that account has logged in with this browser."""
    device = _device() or {"id": secrets.token_urlsafe(12), "names": []}
    names = [_key(name), *(known for known in device["names"] if known != _key(name))][:_MOST_NAMES]
    cookie = _serializer().dumps({"id": device["id"], "names": names})

    @after_this_request
    def set_cookie(response: Response) -> Response:
        is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(COOKIE, cookie, _LIFETIME_S, secure=is_secure, httponly=True, samesite="Strict")
        return response


def _device() -> dict[str, Any] | None:
    try:
        device = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=_LIFETIME_S)
    except BadSignature:
        return None
    return device if isinstance(device, dict) else None


def _serializer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    assert key is not None
    return URLSafeTimedSerializer(key, salt=COOKIE)


def _key(name: str) -> str:
    return name.strip().casefold()[:64]
