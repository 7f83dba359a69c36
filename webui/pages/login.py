"""The first page of a new box, the login page, and logging out."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFProtect, ValidationError, validate_csrf
from werkzeug.wrappers import Response

from appliance.accounts.password_policy import LONGEST, SHORTEST
from appliance.domain.errors import AccountError
from appliance.ports import TimeZone
from webui.auth.browser_login import log_in_browser, log_out_browser
from webui.auth.current_account import actor
from webui.auth.known_devices import known_device, remember_device
from webui.auth.login_service import LoginOutcome, LoginService
from webui.auth.sessions import Sessions
from webui.errors import localised
from webui.localisation.catalogue import text

Page = Response | str | tuple[str, int, dict[str, str]]


def auth_blueprint(
    service: LoginService, sessions: Sessions, protection: CSRFProtect, time_zone: TimeZone | None = None
) -> Blueprint:
    """/setup, /login and /logout. With a time zone the first page asks for it, too."""
    pages = Blueprint("auth", __name__)

    def enter(outcome: LoginOutcome, template: str, **fields: Any) -> Page:
        if outcome.kept is None:
            return _form(template, outcome, **fields)
        log_in_browser(sessions.issue(outcome.kept), outcome.kept.account)
        remember_device(outcome.kept.account.name)
        return redirect(_local_path(request.args.get("next", "")))

    @pages.route("/setup", methods=["GET", "POST"])
    def set_up() -> Page:
        if service.accounts.is_set_up:
            return redirect(url_for("auth.login"))
        typed: dict[str, Any] = {key: request.form.get(key, "") for key in ("code", "name", "full_name")}
        zone = request.form.get("time_zone", "")
        if time_zone is not None:
            typed |= {"zones": time_zone.names(), "zone": zone or time_zone.name}
        if request.method == "GET":
            return _form("setup.html", LoginOutcome(), **typed)
        if problem := _stale_or_unequal():
            return _form("setup.html", LoginOutcome(problem=problem, status=400), **typed)
        try:
            outcome = service.set_up(
                typed["code"], typed["name"], typed["full_name"], request.form.get("password", ""), _address()
            )
        except AccountError as error:
            problem, remedy = localised(error)
            outcome = LoginOutcome(problem=problem, remedy=remedy, status=409)
        if outcome.kept is not None and time_zone is not None and zone in typed["zones"]:
            time_zone.choose(zone, outcome.kept.account.name)
        return enter(outcome, "setup.html", **typed)

    @pages.route("/login", methods=["GET", "POST"])
    def login() -> Page:
        if not service.accounts.is_set_up:
            return redirect(url_for("auth.set_up"))
        name = request.form.get("name", "")
        if request.method == "GET":
            return _form("login.html", LoginOutcome(), name=name)
        if not _has_token():
            return _form("login.html", LoginOutcome(problem=text("login.stale"), status=400), name=name)
        outcome = service.log_in(name, request.form.get("password", ""), _address(), known_device(name))
        return enter(outcome, "login.html", name=name)

    @pages.post("/logout")
    def logout() -> Response:
        name = actor()
        log_out_browser(sessions)
        service.accounts.note_when_possible(name, "logged_out")
        return redirect(url_for("auth.login"))

    for view in (set_up, login):
        protection.exempt(view)
    return pages


def _form(template: str, outcome: LoginOutcome, **fields: Any) -> tuple[str, int, dict[str, str]]:
    page = render_template(template, outcome=outcome, shortest=SHORTEST, longest=LONGEST, **fields)
    headers = {"Retry-After": str(outcome.wait_s)} if outcome.wait_s else {}
    return page, outcome.status, headers


def _stale_or_unequal() -> str:
    if not _has_token():
        return text("login.stale")
    return "" if request.form.get("password") == request.form.get("again") else text("password.unequal")


def _has_token() -> bool:
    """Checked here and not for all alike: who comes back to a page left open overnight gets the form again."""
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError:
        session.pop("csrf_token", None)
        return False
    return True


def _address() -> str:
    return request.remote_addr or ""


def _local_path(wanted: str) -> str:
    """Only a path of this station: a link must not lead the operator elsewhere after the password was typed."""
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local else "/"
