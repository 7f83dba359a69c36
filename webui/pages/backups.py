"""Copies of the box: made, taken away encrypted, looked into, and put back."""

from typing import BinaryIO

from flask import Blueprint, render_template, request

from appliance.domain.account import Role
from appliance.domain.box_settings import KeysTakenIn, RestorePlan
from appliance.domain.errors import ApplianceError, StoreError
from appliance.domain.passphrase import new_recovery_key, require_passphrase
from appliance.exports.background_jobs import BackgroundJob
from appliance.exports.export_service import ExportedFile
from appliance.exports.progress import Progress
from appliance.ports import BoxAdministration, BoxCopies
from webui.auth.current_account import actor, requires
from webui.localisation.catalogue import text
from webui.localisation.formatting import format_moment, number
from webui.services import Services

_MEDIA_TYPE = "application/octet-stream"


def backups_blueprint(services: Services) -> Blueprint:
    """/settings/backups"""
    pages = Blueprint("backups", __name__, url_prefix="/settings/backups")

    def shown(refusal: ApplianceError | None = None, **outcome: object) -> str:
        return render_template(
            "backups.html",
            backups=_administration(services).backups(),
            stick=services.copies and services.copies.stick(),
            scheduled=_administration(services).scheduled_copies(),
            refusal=refusal,
            format_moment=format_moment,
            megabytes=_megabytes,
            **outcome,
        )

    @pages.get("/")
    @requires(Role.ADMINISTRATOR)
    def page() -> str:
        return shown()

    @pages.post("/make")
    @requires(Role.ADMINISTRATOR)
    def make() -> str:
        return shown(made=_administration(services).back_up(actor()))

    @pages.post("/try")
    @requires(Role.ADMINISTRATOR)
    def try_newest() -> str:
        return shown(trial=_administration(services).try_restore(actor()))

    @pages.post("/seal")
    @requires(Role.ADMINISTRATOR)
    def seal() -> str:
        typed = request.form.get("passphrase", "").strip()
        passphrase = typed or new_recovery_key()
        try:
            job = _ask(
                services,
                request.form.get("what", "copy"),
                require_passphrase(passphrase),
                actor(),
                is_for_stick="stick" in request.form,
            )
        except StoreError as error:
            return shown(error)
        return shown(job=job, recovery_key="" if typed else passphrase)

    @pages.post("/look")
    @requires(Role.ADMINISTRATOR)
    def look() -> str:
        copies, upload_id = _copies(services), request.form.get("upload_id", "")
        try:
            if stick_file := request.form.get("stick_file", ""):
                upload_id = copies.receive_from_stick(stick_file)
            if upload_id:
                found = copies.open(actor(), upload_id, request.form.get("passphrase", ""))
            else:
                found = copies.plan(request.form.get("backup", ""))
        except ApplianceError as error:
            return shown(error)
        return shown(keys=found) if isinstance(found, KeysTakenIn) else _plan_page(found)

    @pages.post("/restore")
    @requires(Role.ADMINISTRATOR)
    def restore() -> str:
        try:
            _copies(services).restore(actor(), request.form.get("plan_id", ""))
        except ApplianceError as error:
            return shown(error)
        return render_template("restoring.html")

    return pages


def _plan_page(plan: RestorePlan) -> str:
    return render_template("restore.html", plan=plan, format_moment=format_moment)


def _ask(services: Services, what: str, passphrase: str, who: str, *, is_for_stick: bool) -> BackgroundJob:
    copies = _copies(services)

    def work(file: BinaryIO, progress: Progress) -> ExportedFile:
        if what == "keys":
            name = copies.write_keys(who, file, passphrase)
        else:
            name = copies.write_copy(who, file, passphrase, progress)
        if is_for_stick:
            copies.put_on_stick(who, name, file)
        return ExportedFile(name, _MEDIA_TYPE)

    kind = "keys" if what == "keys" else "backup"
    return services.exchange.jobs.add(kind, "", who, work)


def _megabytes(size_bytes: int) -> str:
    return number(size_bytes / 1e6, 0 if size_bytes >= 10e6 else 1)


def _administration(services: Services) -> BoxAdministration:
    if services.box is None:
        raise StoreError(text("backups.nowhere"), text("backups.nowhere_remedy"))
    return services.box


def _copies(services: Services) -> BoxCopies:
    if services.copies is None:
        raise StoreError(text("backups.nowhere"), text("backups.nowhere_remedy"))
    return services.copies
