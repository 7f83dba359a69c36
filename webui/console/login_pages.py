"""Coming, going, and a password of one's own."""

from flask import Flask, g, redirect, render_template, request, url_for

from appliance.domain.errors import AccountError
from webui.auth.browser_login import log_in_browser, log_out_browser
from webui.auth.login_service import LoginService
from webui.auth.sessions import Sessions
from webui.console.fleet_pages import Page
from webui.console.services import ConsoleServices


def install_login(app: Flask, services: ConsoleServices, logins: LoginService, sessions: Sessions) -> None:
    """The pages `login`, `password` and `logout`."""

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

    @app.route("/password", methods=["GET", "POST"])
    def password() -> Page | tuple[str, int]:
        if request.method == "GET":
            return render_template("password.html", has_code=g.has_one_time_code, section="password")
        current, new = request.form.get("current", ""), request.form.get("new", "")
        try:
            kept = services.accounts.choose_password(g.account, current, new)
        except AccountError as error:
            problem = f"{error.message}. {error.remedy}"
            return render_template("password.html", has_code=g.has_one_time_code, problem=problem), 400
        log_in_browser(sessions.issue(kept), kept.account)
        return redirect(url_for("overview"))
