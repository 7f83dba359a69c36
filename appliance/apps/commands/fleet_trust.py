"""nailfold fleet bar, admit and accept-journal: which boxes' word counts."""

from pathlib import Path

import click

from appliance.apps.commands.fleet_jobs import BOX, BY, at_most, whose
from appliance.apps.commands.server_options import CONFIG
from appliance.apps.fleet_server.audit_store import AuditStore
from appliance.apps.fleet_server.barred_boxes import BarredBoxes
from appliance.apps.fleet_server.settings import fleet_database
from appliance.apps.system_clock import SystemClock


@click.command("bar")
@CONFIG
@BOX
@BY
def bar(config: Path, name: str, by: str) -> None:
    """Refuse every result and word of a box from now on, also of one that is still connected; its jobs reach it."""
    with fleet_database(config) as database:
        BarredBoxes(database).bar(whose(name), by, SystemClock().now_utc())


@click.command("admit")
@CONFIG
@BOX
def admit(config: Path, name: str) -> None:
    """Listen to a box again that was barred."""
    with fleet_database(config) as database:
        BarredBoxes(database).admit(whose(name))


@click.command("accept-journal")
@CONFIG
@BOX
@BY
@click.option(
    "--because",
    required=True,
    metavar="TEXT",
    callback=at_most(300),
    help="Why it may be another; the console shows it.",
)
def accept_journal(config: Path, name: str, by: str, because: str) -> None:
    """Begin anew with a box's journal that was changed, as after a restored copy; the earlier one is kept."""
    with fleet_database(config) as database:
        problem = AuditStore(database).accept(whose(name), by, because, SystemClock().now_utc())
    click.echo(f"accepted: {problem}")
