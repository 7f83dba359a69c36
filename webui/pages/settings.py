"""The one place from which administrators reach what they can set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.account import Role
from appliance.domain.box_settings import SettingRow
from appliance.domain.errors import ExportError
from webui.auth.current_account import actor, requires
from webui.localisation.catalogue import text
from webui.services import Services

CONNECTIONS = ("mqtt", "pacs", "firmware", "fleet", "storage", "exam")
"""Tables of the site's file that this page shows, each with the lines that change it."""

LINES: dict[str, str] = {
    "mqtt": '[mqtt]\nenabled = true\nhost = "broker.clinic.example"\nport = 8883\nsite = "clinic"\nbox = "room-2"',
    "pacs": '[pacs]\nhost = "pacs.clinic.example"\nport = 104\ncalled_ae_title = "ARCHIVE"',
    "firmware": '[firmware]\npedal_pin = "31"\n\n[web]\ncapture_keys = [" ", "PageDown", "F9"]',
    "fleet": '[fleet]\nenabled = true\nupdate_root = "/etc/nailfold/root.json"\nupdate_url = "https://updates.example/nailfold"',
    "storage": '[storage]\nbackup_every_h = 24\nbackups_kept = 7\nstick_folder = "/media/backup"\nstick_every_h = 24\n'
    'stick_passphrase_file = "/var/lib/nailfold/stick-passphrase"',
    "exam": '[exam]\nprotocol = "16"\ncount_ramified_giants = true',
}
"""What a site writes; the exact names, so that it can be copied."""


@dataclass(frozen=True)
class ConnectionTrial:
    """Of a test of a connection: "broker" or "pacs", and what did not fit; empty where it answered."""

    what: str
    problem: str = ""
    remedy: str = ""


def settings_blueprint(services: Services) -> Blueprint:
    """/settings and what lies below it."""
    pages = Blueprint("settings", __name__)

    @pages.get("/settings")
    @requires(Role.ADMINISTRATOR)
    def page() -> str:
        found = None if services.box is None else services.box.data_check()
        has_network = services.network is not None and services.network.is_there
        return render_template("settings.html", time_zone=services.time_zone, data_check=found, has_network=has_network)

    @pages.post("/settings/time-zone")
    @requires(Role.ADMINISTRATOR)
    def choose_time_zone() -> Response:
        zone = request.form.get("time_zone", "")
        if services.time_zone is None or zone not in services.time_zone.names():
            abort(HTTPStatus.BAD_REQUEST)
        services.time_zone.choose(zone, actor())
        return redirect(url_for("settings.page"))

    def connections(outcome: ConnectionTrial | None = None) -> str:
        rows = () if services.box is None else services.box.settings()
        return render_template(
            "connections.html",
            tables=_tables(rows),
            lines=LINES,
            broker=services.broker(),
            pacs=services.exchange.exports.pacs,
            outcome=outcome,
        )

    @pages.get("/settings/connections")
    @requires(Role.ADMINISTRATOR)
    def connections_page() -> str:
        return connections()

    @pages.post("/settings/connections/broker")
    @requires(Role.ADMINISTRATOR)
    def try_broker() -> str:
        return connections(_tried("broker", services.box.try_broker if services.box else _nothing_there))

    @pages.post("/settings/connections/pacs")
    @requires(Role.ADMINISTRATOR)
    def try_pacs() -> str:
        return connections(_tried("pacs", services.exchange.exports.echo))

    return pages


def _tried(what: str, test: Callable[[], None]) -> ConnectionTrial:
    try:
        test()
    except ExportError as error:
        return ConnectionTrial(what, error.message, error.remedy)
    return ConnectionTrial(what)


def _nothing_there() -> None:
    raise ExportError(text("backups.nowhere"), text("backups.nowhere_remedy"))


def _tables(rows: Sequence[SettingRow]) -> list[tuple[str, list[SettingRow]]]:
    """The tables of this page, each with its rows."""
    found = {table: list(of) for table, of in groupby(rows, lambda row: row.key.partition(".")[0])}
    return [(table, found.get(table, [])) for table in CONNECTIONS]
