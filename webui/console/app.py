"""The Flask application of the console."""

from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from webui.auth.login_service import LoginService
from webui.auth.sessions import Sessions
from webui.console import plots
from webui.console.account_pages import install_accounts
from webui.console.fleet_pages import install_fleet
from webui.console.gate import install_gate
from webui.console.login_pages import install_login
from webui.console.result_pages import install_results
from webui.console.services import ConsoleServices
from webui.console.words import age, say
from webui.settings import WebSettings

_HERE = Path(__file__).parent
_REFRESH_S = 30


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
    install_gate(app, services, sessions)
    install_login(app, services, LoginService(services.accounts, services.secrets, settings), sessions)
    install_fleet(app, services)
    install_results(app, services)
    install_accounts(app, services)
    app.jinja_env.globals.update(
        t=say,
        age=lambda moment: age(moment, services.now_utc()),
        since=lambda moment: age(moment, services.now_utc(), "for"),
        refresh_s=_REFRESH_S,
        plot_width=plots.WIDTH,
        plot_height=plots.HEIGHT,
    )
    return app
