"""nailfold config"""

import sys
from pathlib import Path
from typing import Any

import click

from appliance.apps.commands.options import FILE, load, settings_options
from appliance.apps.config.load_settings import check_site_file


@click.group("config")
def command() -> None:
    """Show the settings in force, or check a site's file."""


@command.command("show")
@settings_options
def show(**flags: Any) -> None:
    """Every setting, its value and where it came from."""
    for key, value, origin in load(**flags).rows():
        click.echo(f"{key} = {value}  ({origin})")


@command.command("check")
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Every problem of FILE, one a line; exit code 1 if there is any."""
    problems = check_site_file(file)
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo(f"{file}: no problems")
