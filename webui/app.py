"""The Flask application of a station."""

from typing import Any

from flask import Flask, request, url_for

from webui.access import AttemptLimiter
from webui.assets import DIST, Assets
from webui.blueprints.auth import auth_blueprint
from webui.blueprints.exam import exam_blueprint
from webui.blueprints.exams import exams_blueprint
from webui.blueprints.health import health_blueprint
from webui.blueprints.live import live_blueprint
from webui.catalogue import DEFAULT_LANGUAGE, text
from webui.errors import install_error_handlers
from webui.openapi import new_openapi_app
from webui.security import install_security
from webui.services import Services
from webui.settings import WebSettings

_THEMES = ("dark", "light")


def create_app(services: Services, settings: WebSettings) -> Flask:
    """The pages of a running station, for `webui.server.serve` or a test client.

    Raises:
        SettingsError: the front end was not built.
    """
    app = new_openapi_app()
    assets = Assets(DIST)
    limiter = AttemptLimiter(settings.free_tries, settings.first_delay_s, settings.longest_delay_s)
    install_security(app, services.secrets, settings)
    install_error_handlers(app)
    app.register_blueprint(auth_blueprint(services.secrets, limiter))
    app.register_blueprint(live_blueprint(settings))
    app.register_api(exam_blueprint(services))
    app.register_blueprint(exams_blueprint(services))
    app.register_blueprint(health_blueprint(services))

    app.jinja_env.globals.update(t=text, asset=lambda source: url_for("static", filename=assets.path(source)))

    @app.context_processor
    def for_every_template() -> dict[str, Any]:
        chosen = request.cookies.get("nailfold_theme", "")
        return {"language": DEFAULT_LANGUAGE, "theme": chosen if chosen in _THEMES else _THEMES[0], "section": ""}

    return app
