"""The Flask application of a station."""

from datetime import timedelta
from typing import Any

from flask import Flask, request, url_for

from webui.api.accounts import accounts_api_blueprint
from webui.api.backups import backups_api_blueprint
from webui.api.board import board_api_blueprint
from webui.api.calibration import calibration_api_blueprint
from webui.api.clock import clock_api_blueprint, clock_page_blueprint
from webui.api.collections import collections_api_blueprint
from webui.api.exams import exams_api_blueprint
from webui.api.exports import exports_api_blueprint, exports_globals
from webui.api.figures import figures_blueprint, figures_globals
from webui.api.folders import folders_api_blueprint
from webui.api.guided import guided_blueprint
from webui.api.health import health_blueprint
from webui.api.imports import imports_api_blueprint, imports_page_blueprint
from webui.api.jobs import jobs_api_blueprint
from webui.api.open_exam import exam_blueprint
from webui.api.openapi import new_openapi_app
from webui.api.patients import patients_api_blueprint
from webui.api.pattern import pattern_blueprint
from webui.api.report import report_api_blueprint
from webui.api.review import review_blueprint
from webui.api.session import session_api_blueprint
from webui.api.vessels import vessels_blueprint
from webui.api.withheld import withheld_api_blueprint, withheld_page_blueprint
from webui.auth.current_account import logged_in_account
from webui.auth.host_names import HostNames
from webui.auth.login_service import LoginService
from webui.auth.security import install_security
from webui.auth.sessions import Sessions
from webui.errors import install_error_handlers
from webui.localisation.catalogue import text
from webui.localisation.formatting import day, number
from webui.localisation.language import LANGUAGES, current_language
from webui.pages.about import about_blueprint
from webui.pages.account import account_api_blueprint, account_blueprint
from webui.pages.accounts import accounts_blueprint
from webui.pages.assets import DIST, Assets
from webui.pages.backups import backups_blueprint
from webui.pages.board import board_blueprint
from webui.pages.calibration import calibration_blueprint
from webui.pages.collections import collections_blueprint
from webui.pages.exams import exams_blueprint
from webui.pages.jobs import jobs_blueprint
from webui.pages.journal import journal_blueprint
from webui.pages.live import live_blueprint
from webui.pages.login import auth_blueprint
from webui.pages.network import network_blueprint
from webui.pages.patients import patients_blueprint
from webui.pages.projects import projects_blueprint
from webui.pages.report import report_blueprint
from webui.pages.review import review_page_blueprint
from webui.pages.settings import settings_blueprint
from webui.pages.trends import trends_blueprint
from webui.services import Services
from webui.settings import WebSettings

# Of the disk; a box keeps some 80 MB an exam.
_DISK_LOW_PERCENT, _DISK_VERY_LOW_PERCENT = 10.0, 5.0
_THEMES = ("dark", "light")


def create_app(services: Services, settings: WebSettings) -> Flask:
    """The pages of a running station, for `webui.serving.server.serve` or a test client.

    Raises:
        SettingsError: the front end was not built.
    """
    app = new_openapi_app()
    assets = Assets(DIST)
    service = services.accounts
    logins = LoginService(service, services.secrets, settings)
    sessions = Sessions(service.store, service.clock, timedelta(hours=settings.session_longest_h))
    hosts = HostNames(services.own_names, settings.names)
    protection = install_security(app, services.secrets, settings, service, sessions, hosts)
    install_error_handlers(app)
    app.register_blueprint(auth_blueprint(logins, sessions, protection, services.time_zone))
    app.register_api(session_api_blueprint(logins, sessions))
    app.register_blueprint(account_blueprint(logins, sessions, services.journal))
    app.register_api(account_api_blueprint(logins, sessions))
    app.register_blueprint(accounts_blueprint(service, services.journal))
    app.register_api(accounts_api_blueprint(service))
    app.register_blueprint(about_blueprint(services))
    for own in (settings_blueprint, backups_blueprint, network_blueprint, journal_blueprint):
        app.register_blueprint(own(services))
    for plain in (imports_page_blueprint(), jobs_blueprint()):
        app.register_blueprint(plain)
    app.register_blueprint(live_blueprint(services, settings))
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
    for of_an_exam in (review_blueprint, pattern_blueprint, vessels_blueprint):
        app.register_api(of_an_exam(services))
    app.register_blueprint(review_page_blueprint(services))
    app.register_api(calibration_api_blueprint(services))
    app.register_blueprint(calibration_blueprint(services))
    app.register_blueprint(report_blueprint(services))
    app.register_api(report_api_blueprint(services))
    app.register_api(exports_api_blueprint(services))
    app.register_api(imports_api_blueprint(services))
    app.register_api(backups_api_blueprint(services))
    app.register_api(jobs_api_blueprint(services))
    app.register_blueprint(health_blueprint(services))
    for api, pages in (
        (board_api_blueprint(services), board_blueprint(services)),
        (clock_api_blueprint(services.clock), clock_page_blueprint(services.clock)),
        (withheld_api_blueprint(services.withheld), withheld_page_blueprint(services.withheld)),
    ):
        app.register_api(api)
        app.register_blueprint(pages)

    app.jinja_env.globals.update(
        t=text,
        number=number,
        full_name=services.full_name,
        day=day,
        languages=LANGUAGES,
        asset=lambda source: url_for("static", filename=assets.path(source)),
    )

    app.jinja_env.globals.update(figures_globals(services))
    app.jinja_env.globals.update(exports_globals(services))

    @app.context_processor
    def for_every_template() -> dict[str, Any]:
        chosen = request.cookies.get("nailfold_theme", "")
        return {
            "language": current_language(),
            "theme": chosen if chosen in _THEMES else _THEMES[0],
            "section": "",
            "disk": _disk_warning(services),
            "is_data_repaired": _is_data_repaired(services),
        }

    return app


def _is_data_repaired(services: Services) -> bool:
    """Whether every page says so to people who are logged in."""
    found = None if services.box is None else services.box.data_check()
    return found is not None and found.is_repaired and logged_in_account() is not None


def _disk_warning(services: Services) -> dict[str, Any] | None:
    """What every page says about the disk to people who are logged in."""
    free_percent = services.disk_free_percent()
    if logged_in_account() is None or free_percent >= _DISK_LOW_PERCENT:
        return None
    return {"key": "very_low" if free_percent < _DISK_VERY_LOW_PERCENT else "low", "percent": int(free_percent)}
