"""The journal as an administrator reads it: who did what and when, and whether anybody changed it."""

from flask import Blueprint, render_template, request

from appliance.domain.account import Role
from appliance.domain.journal import canonical_json
from webui.auth.current_account import requires
from webui.localisation.formatting import format_moment
from webui.services import Services

SHOWN = 100


def journal_blueprint(services: Services) -> Blueprint:
    """/settings/journal"""
    pages = Blueprint("journal", __name__, url_prefix="/settings/journal")
    journal = services.journal

    @pages.get("/")
    @requires(Role.ADMINISTRATOR)
    def page() -> str:
        subject = request.args.get("subject", "").strip()
        entries = journal.entries(subject or None, limit=SHOWN)
        return render_template(
            "journal.html",
            entries=entries[::-1],
            subject=subject,
            shown=SHOWN,
            check=journal.verify() if "check" in request.args else None,
            detail=lambda entry: canonical_json(entry.detail) if entry.detail else "",
            format_moment=format_moment,
        )

    return pages
