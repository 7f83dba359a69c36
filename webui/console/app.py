"""The Flask application of the console."""

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, g, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from appliance.domain.errors import ApplianceError
from webui.auth.browser_login import LOGIN, log_in_browser, log_out_browser
from webui.auth.login_service import LoginService
from webui.auth.sessions import Sessions
from webui.console.services import ConsoleServices
from webui.localisation.language import current_language
from webui.settings import WebSettings

_HERE = Path(__file__).parent
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
_OPEN = ("login", "static")
_REFRESH_S = 30
Page = str | BaseResponse


def create_console(services: ConsoleServices, settings: WebSettings) -> Flask:
    """The pages; nothing is shown to anybody who has not logged in."""
    app = Flask(__name__, template_folder=str(_HERE / "templates"), static_folder=str(_HERE / "static"))
    app.config.update(
        SECRET_KEY=services.secrets.session_key,
        SESSION_COOKIE_NAME="nailfold_console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.is_tls,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_idle_h),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=1 << 16,
    )
    CSRFProtect(app)
    sessions = Sessions(services.accounts.store, services.accounts.clock, timedelta(hours=settings.session_longest_h))
    _install_gate(app, services, sessions)
    _install_login(app, LoginService(services.accounts, services.secrets, settings), sessions)
    _install_pages(app, services)
    app.jinja_env.globals.update(
        t=say,
        age=lambda moment: age(moment, services.now_utc()),
        since=lambda moment: age(moment, services.now_utc(), "for"),
        refresh_s=_REFRESH_S,
    )
    return app


def say(key: str, **values: object) -> str:
    """The console's text under a key, in the browser's language."""
    return str(_texts(current_language())[key]).format(**values)


def age(moment: datetime, now: datetime, how: str = "ago") -> str:
    """How long ago, or with "for" since how long, in the largest unit that is not zero."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= length:
            return say(f"{how}_{unit}", count=seconds // length)
    return say(f"{how}_seconds", count=seconds)


@cache
def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((_HERE / "texts" / f"{language}.json").read_text("utf-8"))
    return texts


def _install_gate(app: Flask, services: ConsoleServices, sessions: Sessions) -> None:
    @app.before_request
    def require_login() -> BaseResponse | None:
        kept = sessions.account_of(session.get(LOGIN))
        g.account = None if kept is None else kept.account
        if kept is None and request.endpoint not in _OPEN:
            return redirect(url_for("login"))
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(ApplianceError)
    def explain(error: ApplianceError) -> tuple[str, int]:
        return render_template("problem.html", problem=error.message, remedy=error.remedy), 503

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[str, int]:
        return render_template("problem.html", problem=error.description or "", remedy=""), error.code or 500

    @app.context_processor
    def common() -> dict[str, Any]:
        return {"account": g.get("account"), "language": current_language(), "now": services.now_utc()}


def _install_login(app: Flask, logins: LoginService, sessions: Sessions) -> None:
    @app.route("/login", methods=["GET", "POST"])
    def login() -> Page | tuple[str, int]:
        if request.method == "GET":
            return render_template("login.html", problem="", name="")
        name, password = request.form.get("name", ""), request.form.get("password", "")
        outcome = logins.log_in(name, password, request.remote_addr or "")
        if outcome.kept is None:
            return render_template("login.html", problem=outcome.problem, name=name), outcome.status
        log_in_browser(sessions.issue(outcome.kept), outcome.kept.account)
        return redirect(url_for("overview"))

    @app.post("/logout")
    def logout() -> Page:
        log_out_browser(sessions)
        return redirect(url_for("login"))


def _install_pages(app: Flask, services: ConsoleServices) -> None:
    @app.get("/")
    def overview() -> Page:
        return render_template("overview.html", boxes=services.boxes(), refresh=True, section="overview")

    @app.get("/box/<site>/<name>")
    def box(site: str, name: str) -> Page:
        found = next((one for one in services.boxes() if (one.site, one.box) == (site, name)), None)
        if found is None:
            abort(404, say("no_such_box", name=f"{site}/{name}"))
        return render_template(
            "box.html",
            box=found,
            jobs=services.jobs(found.name),
            audit=services.audit(found.name),
            refresh=True,
            section="overview",
        )

    @app.get("/jobs")
    def jobs() -> Page:
        return render_template("jobs.html", jobs=services.jobs(None), refresh=True, section="jobs")

    @app.get("/rollouts")
    def rollouts() -> Page:
        return render_template("rollouts.html", rollouts=services.rollouts(), refresh=True, section="rollouts")

    @app.post("/rollouts/<rollout_id>/pause")
    def pause_rollout(rollout_id: str) -> Page:
        is_paused = request.form.get("is_paused") == "1"
        services.pause_rollout(rollout_id, is_paused)
        services.accounts.note(g.account.name, rollout_id, "paused_rollout" if is_paused else "resumed_rollout")
        return redirect(url_for("rollouts"))

    @app.get("/results")
    def results() -> Page:
        site, engine = request.args.get("site", ""), request.args.get("engine", "")
        return render_template(
            "results.html",
            results=services.results(site, engine),
            sites=sorted({one.site for one in services.boxes()}),
            engines=services.engines(),
            site=site,
            engine=engine,
            section="results",
        )
