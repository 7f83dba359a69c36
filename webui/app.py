"""The Flask application of a station."""

from datetime import timedelta
from typing import Any

from flask import Flask, request, url_for

from webui.assets import DIST, Assets
from webui.blueprints.about import about_blueprint
from webui.blueprints.account import account_api_blueprint, account_blueprint
from webui.blueprints.accounts import accounts_blueprint
from webui.blueprints.accounts_api import accounts_api_blueprint
from webui.blueprints.auth import auth_blueprint
from webui.blueprints.calibration import calibration_blueprint
from webui.blueprints.calibration_api import calibration_api_blueprint
from webui.blueprints.collections import collections_blueprint
from webui.blueprints.collections_api import collections_api_blueprint
from webui.blueprints.exam import exam_blueprint
from webui.blueprints.exams import exams_blueprint
from webui.blueprints.exams_api import exams_api_blueprint
from webui.blueprints.exports_api import exports_api_blueprint, exports_globals
from webui.blueprints.figures import figures_blueprint, figures_globals
from webui.blueprints.folders_api import folders_api_blueprint
from webui.blueprints.guided import guided_blueprint
from webui.blueprints.health import health_blueprint
from webui.blueprints.imports_api import imports_api_blueprint, imports_page_blueprint
from webui.blueprints.live import live_blueprint
from webui.blueprints.patients import patients_blueprint
from webui.blueprints.patients_api import patients_api_blueprint
from webui.blueprints.pattern import pattern_blueprint
from webui.blueprints.projects import projects_blueprint
from webui.blueprints.report import report_blueprint
from webui.blueprints.report_api import report_api_blueprint
from webui.blueprints.review import review_blueprint
from webui.blueprints.review_page import review_page_blueprint
from webui.blueprints.session_api import session_api_blueprint
from webui.blueprints.settings import settings_blueprint
from webui.blueprints.trends import trends_blueprint
from webui.catalogue import text
from webui.errors import install_error_handlers
from webui.language import LANGUAGES, current_language
from webui.login_desk import LoginDesk
from webui.openapi import new_openapi_app
from webui.report_desk import report_desk
from webui.security import install_security
from webui.services import Services
from webui.sessions import Sessions
from webui.settings import WebSettings
from webui.when import day, number

_THEMES = ("dark", "light")


def create_app(services: Services, settings: WebSettings) -> Flask:
    """The pages of a running station, for `webui.server.serve` or a test client.

    Raises:
        SettingsError: the front end was not built.
    """
    app = new_openapi_app()
    assets = Assets(DIST)
    desk = services.accounts
    logins = LoginDesk(desk, services.secrets, settings)
    sessions = Sessions(desk.store, desk.clock, timedelta(hours=settings.session_longest_h))
    protection = install_security(app, services.secrets, settings, desk, sessions)
    install_error_handlers(app)
    app.register_blueprint(auth_blueprint(logins, sessions, protection))
    app.register_api(session_api_blueprint(logins, sessions))
    app.register_blueprint(account_blueprint(logins, sessions, services.journal))
    app.register_api(account_api_blueprint(logins, sessions))
    app.register_blueprint(accounts_blueprint(desk, services.journal))
    app.register_api(accounts_api_blueprint(desk))
    app.register_blueprint(about_blueprint(services))
    app.register_blueprint(settings_blueprint())
    app.register_blueprint(live_blueprint(settings))
    app.register_api(exam_blueprint(services))
    app.register_api(guided_blueprint(services))
    app.register_blueprint(exams_blueprint(services))
    app.register_blueprint(patients_blueprint(services))
    app.register_blueprint(projects_blueprint(services))
    app.register_blueprint(collections_blueprint(services))
    app.register_api(exams_api_blueprint(services))
    app.register_api(patients_api_blueprint(services))
    app.register_api(trends_blueprint(services))
    app.register_api(folders_api_blueprint(services))
    app.register_api(collections_api_blueprint(services))
    app.register_api(figures_blueprint(services))
    app.register_api(review_blueprint(services))
    app.register_api(pattern_blueprint(services))
    app.register_blueprint(review_page_blueprint(services))
    app.register_api(calibration_api_blueprint(services))
    app.register_blueprint(calibration_blueprint(services))
    reports = report_desk(services)
    app.register_blueprint(report_blueprint(services, reports))
    app.register_api(report_api_blueprint(services, reports))
    app.register_api(exports_api_blueprint(services))
    app.register_api(imports_api_blueprint(services))
    app.register_blueprint(imports_page_blueprint())
    app.register_blueprint(health_blueprint(services))

    app.jinja_env.globals.update(
        t=text,
        number=number,
        day=day,
        languages=LANGUAGES,
        asset=lambda source: url_for("static", filename=assets.path(source)),
    )

    app.jinja_env.globals.update(figures_globals(services))
    app.jinja_env.globals.update(exports_globals(services))

    @app.context_processor
    def for_every_template() -> dict[str, Any]:
        chosen = request.cookies.get("nailfold_theme", "")
        return {"language": current_language(), "theme": chosen if chosen in _THEMES else _THEMES[0], "section": ""}

    return app
