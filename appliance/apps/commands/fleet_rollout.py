"""nailfold fleet rollout: new networks or a new system for many boxes, group after group."""

from pathlib import Path

import click

from appliance.apps.commands.fleet_jobs import BY, KEY
from appliance.apps.commands.server_options import CONFIG
from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.fleet_server.rollouts import Rollout, RolloutStore
from appliance.apps.fleet_server.settings import fleet_database
from appliance.apps.system_clock import SystemClock
from appliance.domain.counted import counted

_ID = click.argument("rollout_id", metavar="ROLLOUT")


@click.group("rollout")
def rollout() -> None:
    """New networks, or a new system (system/NAME), for many boxes: a few first, the others when those are well."""


@rollout.command("start")
@CONFIG
@click.argument("bundle")
@click.option("--share", "shares", type=float, multiple=True, default=(0.1,), show_default=True, help="Of each group.")
@click.option("--threshold", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Failures allowed.")
@click.option("--site", "sites", multiple=True, help="Only boxes of this site; all where none is named.")
@KEY
@BY
def start(
    config: Path, bundle: str, shares: tuple[float, ...], threshold: float, sites: tuple[str, ...], key: Path, by: str
) -> None:
    """Choose the groups and ask the first. Prints the rollout's id."""
    now_utc = SystemClock().now_utc()
    with fleet_database(config) as database:
        boxes = [(row.site, row.box) for row in BoxStore(database).boxes(now_utc) if not sites or row.site in sites]
        store = RolloutStore(database)
        rollout_id = store.start(bundle, boxes, shares, threshold, by, now_utc)
        store.next_group(rollout_id, JobMaker(key), by, now_utc)
        click.echo(rollout_id)


@rollout.command("next")
@CONFIG
@_ID
@click.option("--force", is_flag=True, help="Also while boxes of earlier groups have not ended.")
@KEY
@BY
def next_group(config: Path, rollout_id: str, force: bool, key: Path, by: str) -> None:
    """Ask the next group; refused, and paused, where too many have failed."""
    with fleet_database(config) as database:
        store = RolloutStore(database)
        count = store.next_group(rollout_id, JobMaker(key), by, SystemClock().now_utc(), force=force)
        click.echo(f"{counted(count, 'box is', 'boxes are')} asked")


@rollout.command("pause")
@CONFIG
@_ID
def pause(config: Path, rollout_id: str) -> None:
    """No further group begins."""
    with fleet_database(config) as database:
        RolloutStore(database).pause(rollout_id, True)


@rollout.command("resume")
@CONFIG
@_ID
def resume(config: Path, rollout_id: str) -> None:
    """The next group may begin again."""
    with fleet_database(config) as database:
        RolloutStore(database).pause(rollout_id, False)


@rollout.command("back")
@CONFIG
@_ID
@click.option("--to", "bundle", default="software", show_default=True, help="The bundle to go back to.")
@KEY
@BY
def back(config: Path, rollout_id: str, bundle: str, key: Path, by: str) -> None:
    """Pause, and ask every box that took the bundle for another: by default for the networks of its software."""
    with fleet_database(config) as database:
        count = RolloutStore(database).back(rollout_id, bundle, JobMaker(key), by, SystemClock().now_utc())
        click.echo(f"{counted(count, 'box is', 'boxes are')} asked")


@rollout.command("list")
@CONFIG
def list_rollouts(config: Path) -> None:
    """Print every rollout, the newest first, with the state of each group."""
    with fleet_database(config) as database:
        for one in RolloutStore(database).all():
            for line in _lines(one):
                click.echo(line)


def _lines(one: Rollout) -> list[str]:
    paused = " paused" if one.is_paused else ""
    head = f"{one.rollout_id} {one.bundle} failed {one.failed_share:.0%} of at most {one.threshold:.0%}{paused}"
    return [head, *(f"  group {stage.number + 1}: {_counts(stage.counts)}" for stage in one.stages)]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
