"""nailfold pacs"""

import sys
from pathlib import Path

import click

from appliance.apps.archive.export_exams import send_exams
from appliance.apps.commands.options import FILE, load
from appliance.exports.dicom.pacs import echo as ask

_CONFIG = click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")


@click.group("pacs")
def command() -> None:
    """The DICOM archive of the settings (table pacs)."""


@command.command("echo")
@_CONFIG
def echo(config: Path | None) -> None:
    """Ask whether it answers (C-ECHO)."""
    settings = load(config).settings.pacs
    ask(settings)
    click.echo(f"{settings.name} answers {settings.calling_ae_title}")


@command.command("send")
@click.argument("exam_ids", nargs=-1, required=True, metavar="EXAM_ID...")
@click.option("--with-identity", is_flag=True, help="With name, birth date and clinic number.")
@click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")
@_CONFIG
def send(exam_ids: tuple[str, ...], with_identity: bool, data_dir: Path | None, config: Path | None) -> None:
    """Send finished exams (C-STORE); exit code 1 if one of them did not arrive."""
    sys.exit(send_exams(load(config, data_dir=data_dir), exam_ids, with_identity))
