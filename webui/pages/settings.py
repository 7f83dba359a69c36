"""The one place from which administrators reach what they can set."""

from flask import Blueprint, render_template

from appliance.domain.account import Role
from webui.auth.current_account import requires


def settings_blueprint() -> Blueprint:
    """/settings"""
    pages = Blueprint("settings", __name__)

    @pages.get("/settings")
    @requires(Role.ADMINISTRATOR)
    def page() -> str:
        return render_template("settings.html")

    return pages
