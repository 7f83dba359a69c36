"""nailfold results"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from appliance.apps.commands.account import data_options
from appliance.apps.commands.options import load
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import StoreError
from appliance.exam.withheld_results import WithheldResults
from appliance.storage.open_storage import open_beside


@click.group("results")
def command() -> None:
    """Results that the broker refused: see them, send them again. Works while the station runs."""


@command.command("withheld")
@data_options
def withheld(config: Path | None, data_dir: Path | None) -> None:
    """Every result that was refused for good: its message, exam and reason."""
    with _results(config, data_dir) as results:
        for one in results.all():
            click.echo(f"{one.msg_id} exam {one.exam_id}: {one.reason}")


@command.command("retry")
@click.argument("msg_ids", nargs=-1, metavar="MESSAGE...")
@click.option("--all", "is_all", is_flag=True, help="Every one.")
@data_options
def retry(msg_ids: tuple[str, ...], is_all: bool, config: Path | None, data_dir: Path | None) -> None:
    """Send refused results again, once the cause is gone."""
    if bool(msg_ids) == is_all:
        raise StoreError("which results to send again was not said", "Name messages, or give --all.")
    with _results(config, data_dir) as results:
        for msg_id in msg_ids or [one.msg_id for one in results.all()]:
            results.retry(msg_id, "console")
            click.echo(f"{msg_id} goes out again")


@contextmanager
def _results(config: Path | None, data_dir: Path | None) -> Iterator[WithheldResults]:
    with open_beside(load(config, data_dir=data_dir).settings.storage, SystemClock().now_utc) as storage:
        yield WithheldResults(storage.outbox, storage.journal)
