"""nailfold fleet"""

import logging
from pathlib import Path

import click

from appliance.apps.commands.fleet_identity import authority, broker_config, request
from appliance.apps.commands.fleet_jobs import boxes, job, job_key, reference, want
from appliance.apps.commands.fleet_release import release
from appliance.apps.commands.fleet_rollout import rollout
from appliance.apps.commands.fleet_simulate import demo, simulate
from appliance.apps.commands.fleet_trust import accept_journal, admit, bar
from appliance.apps.commands.options import FILE
from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.console import Console, serve_console
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.ingest import IngestWorker
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.settings import fleet_database, load_fleet_settings
from appliance.apps.log_layout import log_to_stderr
from appliance.apps.system_clock import SystemClock
from appliance.domain.counted import counted
from firmware.stop_signals import StopSignals

config_option = click.option(
    "--config", type=FILE, required=True, metavar="FILE", help="The server's settings (TOML): mqtt, database, ingest."
)


@click.group("fleet")
def command() -> None:
    """Servers of a fleet of boxes, which run beside an MQTT 5 broker."""


for part in (request, authority, broker_config, boxes, bar, admit, accept_journal, want, reference):
    command.add_command(part)
for part in (job_key, job, release, rollout, simulate, demo):
    command.add_command(part)


@command.command("ingest")
@config_option
def ingest(config: Path) -> None:
    """Receive results until Ctrl-C or SIGTERM; run as many as you like, each with its own mqtt.box."""
    settings = load_fleet_settings(config)
    log_to_stderr(logging.INFO)
    stopping = StopSignals()
    with settings.database.open() as database:
        gaps = GapFinder(database, settings.ingest.gap_grace_s)
        service = BoxMessageService(database, SystemClock())
        IngestWorker(settings, ResultStore(database), gaps, service, ModelWatch(database), SystemClock()).run(stopping)


@command.command("console")
@config_option
def console(config: Path) -> None:
    """Serve the console's pages until Ctrl-C or SIGTERM."""
    settings = load_fleet_settings(config)
    log_to_stderr(logging.INFO)
    with settings.database.open() as database, Console(settings.console.folder, database) as made:
        serve_console(made, settings, lambda url: click.echo(f"Open {url}"))


@command.command("console-account")
@config_option
@click.argument("name")
@click.option("--full-name", required=True, help="As the journal shows it.")
@click.password_option(help="Asked for where it is not given.")
def console_account(config: Path, name: str, full_name: str, password: str) -> None:
    """Make the first account of the console."""
    settings = load_fleet_settings(config)
    with settings.database.open() as database, Console(settings.console.folder, database) as made:
        made.accounts.set_up(name, full_name, password)


@command.command("exams")
@config_option
@click.option("--engine", metavar="DIGEST", help='Measured with these weights, "sha256:...".')
@click.option("--calibration", metavar="ID", help="Measured with this calibration.")
@click.option("--software", metavar="VERSION", help="Measured by this version.")
def exams(config: Path, engine: str | None, calibration: str | None, software: str | None) -> None:
    """Print which exams used an engine, a calibration or a software: site, box, exam, when it ended."""
    asked = [(kind, value) for kind, value in _kinds(engine, calibration, software) if value is not None]
    if len(asked) != 1:
        raise click.UsageError("Name one of --engine, --calibration and --software.")
    with fleet_database(config) as database:
        for exam in ResultStore(database).exams_with(*asked[0]):
            click.echo(f"{exam.site} {exam.box} {exam.exam_id} {exam.finished_at}")


@command.command("gaps")
@config_option
def gaps(config: Path) -> None:
    """Print the results that boxes have sent and the fleet lacks, and what it has refused."""
    settings = load_fleet_settings(config)
    with settings.database.open() as database:
        for site, box, seq, asked in GapFinder(database, settings.ingest.gap_grace_s).open_gaps():
            click.echo(f"missing {site} {box} number {seq}, asked for {counted(asked, 'time')}")
        for topic, reason in ResultStore(database).refused():
            click.echo(f"refused {topic}: {reason}")


def _kinds(engine: str | None, calibration: str | None, software: str | None) -> list[tuple[str, str | None]]:
    return [("engine", engine), ("calibration", calibration), ("software", software)]
