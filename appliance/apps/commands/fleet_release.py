"""nailfold fleet release: what boxes may be updated with."""

from datetime import timedelta
from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.fleet_server.release_keys import ROLES
from appliance.apps.fleet_server.release_maker import ReleaseMaker
from appliance.apps.system_clock import SystemClock

_TOLD_BEFORE = timedelta(days=180)
_FOLDER = click.argument("folder", type=FILE)
_KEYS = click.option("--keys", type=FILE, required=True, metavar="FOLDER", help="Private keys; keep them off servers.")


@click.group("release")
def release() -> None:
    """Releases that boxes take updates from: a folder for any web server or a USB stick."""


@release.command("make")
@_FOLDER
@_KEYS
@click.option("--root-keys", type=click.IntRange(1, 9), default=1, show_default=True, help="So many may sign a root.")
@click.option("--threshold", type=click.IntRange(1, 9), default=1, show_default=True, help="So many of them must.")
def make(folder: Path, keys: Path, root_keys: int, threshold: int) -> None:
    """Make new keys and an empty release; prints the file for `fleet.update_root` of the boxes."""
    maker = ReleaseMaker(folder, keys)
    maker.make(SystemClock().now_utc(), root_keys, threshold)
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
    maker, now_utc = ReleaseMaker(folder, keys), SystemClock().now_utc()
    maker.renew(now_utc)
    if maker.root_ends() - now_utc < _TOLD_BEFORE:
        click.echo(f"The root ends on {maker.root_ends():%Y-%m-%d}: nailfold fleet release renew-root, or rotate root.")


@release.command("renew-root")
@_FOLDER
@_KEYS
def renew_root(folder: Path, keys: Path) -> None:
    """Sign the root anew with the keys that it has: boxes believe it for two years more."""
    click.echo(f"root {ReleaseMaker(folder, keys).renew_root(SystemClock().now_utc())}")


@release.command("rotate")
@_FOLDER
@_KEYS
@click.argument("role", type=click.Choice(ROLES))
def rotate(folder: Path, keys: Path, role: str) -> None:
    """Make new keys for a role, in a new root that old and new root keys sign; boxes follow by themselves."""
    version = ReleaseMaker(folder, keys).rotate(role, SystemClock().now_utc())
    click.echo(f"root {version}; the old keys of {role} are in retired-{role}-{version - 1}: destroy them")
