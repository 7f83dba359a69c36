"""nailfold fleet release: what boxes may be updated with."""

from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.fleet_server.release_maker import ReleaseMaker
from appliance.apps.system_clock import SystemClock

_FOLDER = click.argument("folder", type=FILE)
_KEYS = click.option("--keys", type=FILE, required=True, metavar="FOLDER", help="Private keys; keep them off servers.")


@click.group("release")
def release() -> None:
    """Releases that boxes take updates from: a folder for any web server or a USB stick."""


@release.command("make")
@_FOLDER
@_KEYS
def make(folder: Path, keys: Path) -> None:
    """Make new keys and an empty release; prints the file for `fleet.update_root` of the boxes."""
    maker = ReleaseMaker(folder, keys)
    maker.make(SystemClock().now_utc())
    click.echo(maker.root_file)


@release.command("add-engines")
@_FOLDER
@_KEYS
@click.argument("name")
@click.argument("weights", type=FILE)
def add_engines(folder: Path, keys: Path, name: str, weights: Path) -> None:
    """Add a folder of networks (manifest.json and what it names) under a new name."""
    ReleaseMaker(folder, keys).add_bundle(name, weights, SystemClock().now_utc())


@release.command("add-system")
@_FOLDER
@_KEYS
@click.argument("name")
@click.argument("bundle", type=FILE)
def add_system(folder: Path, keys: Path, name: str, bundle: Path) -> None:
    """Add a bundle of `make bundle` (*.raucb) under a new name."""
    ReleaseMaker(folder, keys).add_system(name, bundle, SystemClock().now_utc())


@release.command("renew")
@_FOLDER
@_KEYS
def renew(folder: Path, keys: Path) -> None:
    """Sign the same release anew: boxes believe it for 30 days more."""
    ReleaseMaker(folder, keys).renew(SystemClock().now_utc())
