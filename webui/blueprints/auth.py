"""The login page."""

import math

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webui.access import AccessSecrets, AttemptLimiter
from webui.catalogue import text
from webui.security import lock_browser, unlock_browser


def auth_blueprint(secrets: AccessSecrets, limiter: AttemptLimiter) -> Blueprint:
    """/login and /lock."""
    pages = Blueprint("auth", __name__)

    @pages.route("/login", methods=["GET", "POST"])
    def login() -> Response | str | tuple[str, int, dict[str, str]]:
        if request.method == "GET":
            return render_template("login.html", problem="")
        client = request.remote_addr or ""
        wait_s = math.ceil(limiter.begin(client))
        if wait_s:
            problem = text("login.wait", seconds=wait_s)
            return render_template("login.html", problem=problem), 429, {"Retry-After": str(wait_s)}
        if not secrets.matches(request.form.get("code", "")):
            return render_template("login.html", problem=text("login.wrong")), 403, {}
        limiter.succeeded(client)
        unlock_browser()
        return redirect(_local_path(request.args.get("next", "")))

    @pages.post("/lock")
    def lock() -> Response:
        lock_browser()
        return redirect(url_for("auth.login"))

    return pages


def _local_path(wanted: str) -> str:
    """Only a path of this station: a link must not lead the operator elsewhere after the code was typed."""
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local else "/"
