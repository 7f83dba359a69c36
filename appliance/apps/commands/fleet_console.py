"""nailfold fleet console, console-account"""

import logging
from pathlib import Path

import click

from appliance.apps.commands.server_options import CONFIG
from appliance.apps.fleet_server.console import Console, serve_console
from appliance.apps.fleet_server.settings import load_fleet_settings
from appliance.apps.log_layout import log_to_stderr


@click.command("console")
@CONFIG
def console(config: Path) -> None:
    """Serve the console's pages until Ctrl-C or SIGTERM."""
    settings = load_fleet_settings(config)
    log_to_stderr(logging.INFO)
    with settings.database.open() as database, Console(settings.console.folder, database) as made:
        serve_console(made, settings, lambda url: click.echo(f"Open {url}"))


@click.command("console-account")
@CONFIG
@click.argument("name")
@click.option("--full-name", required=True, help="As the journal shows it.")
@click.password_option(help="Asked for where it is not given.")
def console_account(config: Path, name: str, full_name: str, password: str) -> None:
    """Make the first account of the console."""
    settings = load_fleet_settings(config)
    with settings.database.open() as database, Console(settings.console.folder, database) as made:
        made.accounts.set_up(name, full_name, password)
