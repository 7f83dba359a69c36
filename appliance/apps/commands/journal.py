"""nailfold journal"""

import json
from pathlib import Path

import click

from appliance.accounts.full_names import full_names
from appliance.apps.commands.account import data_options
from appliance.apps.commands.options import load
from appliance.apps.system_clock import SystemClock
from appliance.domain.counted import counted
from appliance.domain.instant import to_rfc3339
from appliance.domain.journal import canonical_json
from appliance.storage.open_storage import Storage, open_beside


@click.group("journal")
def command() -> None:
    """Read the log of every action, or check that nobody changed it. Works while the station runs."""


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@data_options
@click.pass_context
def verify(context: click.Context, as_json: bool, config: Path | None, data_dir: Path | None) -> None:
    """Check every entry's seal and the chain between them; exit code 1 if one is missing or was changed."""
    with _storage(config, data_dir) as storage:
        check = storage.journal.verify()
    head = None if check.head is None else {"seq": check.head.seq, "hash": check.head.hash}
    if as_json:
        found = {"is_intact": check.is_intact, "entries": check.entries, "broken_seq": check.broken_seq}
        click.echo(json.dumps({**found, "reason": check.reason, "head": head}))
    elif check.is_intact:
        newest = f"; the newest is {head['seq']} {head['hash']}" if head else ""
        click.echo(f"intact: {counted(check.entries, 'entry', 'entries')} in one chain{newest}")
    else:
        click.echo(f"broken at entry {check.broken_seq}: {check.reason}")
    context.exit(0 if check.is_intact else 1)


@command.command("show")
@click.option("--subject", metavar="NAME", help='Only about this: "review:<exam id>", "account:<name>".')
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, help="How many entries.")
@data_options
def show(subject: str | None, last: int, config: Path | None, data_dir: Path | None) -> None:
    """Print the newest entries, oldest first: number, time, actor, action, subject, detail."""
    with _storage(config, data_dir) as storage:
        full_name = full_names(storage.accounts)
        for entry in storage.journal.entries(subject, limit=last):
            when = to_rfc3339(entry.at_utc)
            name = full_name(entry.actor)
            actor = entry.actor if name == entry.actor else f"{entry.actor} ({name})"
            click.echo(f"{entry.seq} {when} {actor} {entry.action} {entry.subject} {canonical_json(entry.detail)}")


def _storage(config: Path | None, data_dir: Path | None) -> Storage:
    """What the station keeps whose data lie there. Raises StoreError where there are none."""
    return open_beside(load(config, data_dir=data_dir).settings.storage, SystemClock().now_utc)
