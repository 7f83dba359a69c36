"""Copies of the database on the box: made now, and tried as a restore would open them."""

from flask import Blueprint, render_template

from appliance.domain.account import Role
from appliance.domain.box_settings import BackupRow, RestoreTrial
from appliance.domain.errors import StoreError
from appliance.ports import BoxAdministration
from webui.auth.current_account import actor, requires
from webui.localisation.catalogue import text
from webui.localisation.formatting import format_moment, number
from webui.services import Services


def backups_blueprint(services: Services) -> Blueprint:
    """/settings/backups"""
    pages = Blueprint("backups", __name__, url_prefix="/settings/backups")

    def shown(made: BackupRow | None = None, trial: RestoreTrial | None = None) -> str:
        kept = _desk(services).backups()
        return render_template(
            "backups.html", backups=kept, made=made, trial=trial, format_moment=format_moment, megabytes=_megabytes
        )

    @pages.get("/")
    @requires(Role.ADMINISTRATOR)
    def page() -> str:
        return shown()

    @pages.post("/make")
    @requires(Role.ADMINISTRATOR)
    def make() -> str:
        return shown(made=_desk(services).back_up(actor()))

    @pages.post("/try")
    @requires(Role.ADMINISTRATOR)
    def try_newest() -> str:
        return shown(trial=_desk(services).try_restore(actor()))

    return pages


def _megabytes(size_bytes: int) -> str:
    return number(size_bytes / 1e6, 0 if size_bytes >= 10e6 else 1)


def _desk(services: Services) -> BoxAdministration:
    if services.box is None:
        raise StoreError(text("backups.nowhere"), text("backups.nowhere_remedy"))
    return services.box
