"""nailfold fleet boxes, want, job-key and job: how boxes are, and what is asked of them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.commands.server_options import CONFIG
from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.barred_boxes import BarredBoxes
from appliance.apps.fleet_server.box_store import BoxRow, BoxStore
from appliance.apps.fleet_server.job_maker import STEPS, JobMaker
from appliance.apps.fleet_server.job_store import JobRow, JobStore
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.settings import fleet_database
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import SettingsError
from appliance.fleet.shadow import ShadowDesired, ShadowReported, delta

KEY = click.option("--key", type=FILE, required=True, metavar="FILE", help="Private key, as `job-key` made it.")
BOX = click.argument("name", metavar="SITE/BOX")


def at_most(longest: int) -> Callable[[click.Context, click.Parameter, str], str]:
    """For click: a text that says something and fits its column."""

    def checked(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
        if not text.strip() or len(text) > longest:
            raise click.BadParameter(f"write 1 to {longest} characters")
        return text

    return checked


BY = click.option("--by", required=True, metavar="NAME", callback=at_most(100), help="Who asks; it is kept.")


def whose(name: str) -> tuple[str, str]:
    """Site and box of "SITE/BOX". Raises SettingsError."""
    site, slash, box = name.partition("/")
    if not (site and slash and box) or "/" in box:
        raise SettingsError(f"the box is {name!r}", "A name is SITE/BOX.")
    return site, box


@click.command("boxes")
@CONFIG
def boxes(config: Path) -> None:
    """Print every box: whether it is there, since when, what runs on it, and what needs a person."""
    with fleet_database(config) as database:
        barred = BarredBoxes(database).all()
        for row in BoxStore(database).boxes(SystemClock().now_utc()):
            click.echo(_line(row, (row.site, row.box) in barred))


def _line(row: BoxRow, is_barred: bool) -> str:
    alerts = row.reports.get("alerts", ({"alerts": []}, ""))[0]["alerts"]
    needs = [*(["barred"] if is_barred else []), *(one["code"] for one in alerts), *(["twin"] if row.has_twin else [])]
    needed = ",".join(needs) or "nobody"
    there = "online" if row.is_online else "offline"
    return f"{row.site}/{row.box} {there} since {row.state_at} software {row.software} needs {needed}"


@click.command("want")
@CONFIG
@BOX
@click.argument("settings", metavar="KEY=JSON...", nargs=-1, required=True)
@BY
def want(config: Path, name: str, settings: tuple[str, ...], by: str) -> None:
    """Set what a box's settings shall be, in the place of the earlier wish: exam.best_of_s=0.8 ..."""
    wished = {}
    for one in settings:
        key, _, value = one.partition("=")
        try:
            wished[key] = json.loads(value)
        except ValueError as error:
            raise SettingsError(f"{one!r} has no JSON value", 'Write numbers bare and texts as "...".') from error
    with fleet_database(config) as database:
        store = BoxStore(database)
        desired = store.want(whose(name), wished, by, SystemClock().now_utc())
        click.echo(
            f"version {desired.version}; not yet in force: {', '.join(_delta(store, name, desired)) or 'nothing'}"
        )


@click.command("reference")
@CONFIG
@BOX
@BY
def reference(config: Path, name: str, by: str) -> None:
    """Begin a new reference period of a box's networks with its exams from now on, as after a repair."""
    with fleet_database(config) as database:
        ModelWatch(database).begin_reference(whose(name), by, SystemClock().now_utc())


def _delta(store: BoxStore, name: str, desired: ShadowDesired) -> list[str]:
    rows = [row for row in store.boxes(SystemClock().now_utc()) if (row.site, row.box) == whose(name)]
    reported = rows[0].reports.get("shadow") if rows else None
    if reported is None:
        return list(desired.settings)
    return list(delta(desired, ShadowReported.model_validate_json(json.dumps(reported[0]))))


@click.command("job-key")
@click.option("--key", type=FILE, required=True, metavar="FILE", help="The new private key; keep it off the servers.")
@click.option("--public", type=FILE, required=True, metavar="FILE", help="For fleet.job_keys of the boxes.")
def job_key(key: Path, public: Path) -> None:
    """Make the pair of keys with which jobs are signed."""
    click.echo(make_signing_key(key, public))


@click.group("job")
def job() -> None:
    """What the fleet asks of a box once: make, list and cancel jobs."""


@job.command("make")
@CONFIG
@BOX
@click.argument("kind", type=click.Choice(sorted(STEPS)))
@click.option("--parameters", default="{}", metavar="JSON", help="As docs/fleet.md lists them.")
@click.option("--expires-after-h", type=float, help="It is refused by the box when its turn comes later.")
@click.option("--supersedes", multiple=True, metavar="JOB", help="Ends that one, if it has not begun.")
@click.option("--stick", type=FILE, metavar="FOLDER", help="Write it here for a USB stick, too.")
@KEY
@BY
def make(
    config: Path,
    name: str,
    kind: str,
    parameters: str,
    expires_after_h: float | None,
    supersedes: tuple[str, ...],
    stick: Path | None,
    key: Path,
    by: str,
) -> None:
    """Make a job for a box; a worker tells it, at once or when it is next there. Prints the job's id."""
    try:
        given = json.loads(parameters)
    except ValueError as error:
        raise SettingsError(f"--parameters is no JSON: {error}") from error
    now_utc = SystemClock().now_utc()
    expires = None if expires_after_h is None else timedelta(hours=expires_after_h)
    made = JobMaker(key).make(whose(name), kind, given, now_utc, expires_after=expires, supersedes=supersedes)
    with fleet_database(config) as database:
        JobStore(database).add(made, by, now_utc)
    if stick is not None:
        write_atomically(stick / f"{made.job.job_id}.nailfold-job.json", made.payload())
    click.echo(made.job.job_id)


@job.command("cancel")
@CONFIG
@BOX
@click.argument("job_id", metavar="JOB")
@KEY
@BY
def cancel(config: Path, name: str, job_id: str, key: Path, by: str) -> None:
    """End a job: at once if it has not begun, before its next step if it has."""
    with fleet_database(config) as database:
        store = JobStore(database)
        known = store.job(whose(name), job_id)
        if known is None:
            raise SettingsError(f"{name} has no job {job_id}", "See: nailfold fleet job list.")
        store.add(JobMaker(key).cancel(known.signed), by, SystemClock().now_utc())


@job.command("list")
@CONFIG
@click.argument("name", metavar="[SITE/BOX]", required=False)
@click.option("--detail", is_flag=True, help="What came of each, too: log lines, a certificate request, a proof.")
def list_jobs(config: Path, name: str | None, detail: bool) -> None:
    """Print jobs, the newest first."""
    with fleet_database(config) as database:
        for row in JobStore(database).all(None if name is None else whose(name)):
            click.echo(_job_line(row))
            if detail and row.detail is not None:
                click.echo(json.dumps(row.detail, indent=2, ensure_ascii=False))


def _job_line(row: JobRow) -> str:
    signed, reason = row.signed, f": {row.reason}" if row.reason else ""
    return f"{signed.site}/{signed.box} {signed.job.job_id} {signed.job.kind} {row.state.value}{reason}"
