"""nailfold fleet exams, gaps"""

from pathlib import Path

import click

from appliance.apps.commands.server_options import CONFIG
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.settings import fleet_database, load_fleet_settings
from appliance.domain.counted import counted


@click.command("exams")
@CONFIG
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
            doubt = "" if exam.came_at is None else f" (the box's clock was wrong; it came {exam.came_at})"
            click.echo(f"{exam.site} {exam.box} {exam.exam_id} {exam.finished_at}{doubt}")


@click.command("gaps")
@CONFIG
def gaps(config: Path) -> None:
    """Print the results that boxes have sent and the fleet lacks, and what it has refused."""
    settings = load_fleet_settings(config)
    with settings.database.open() as database:
        finder = GapFinder(database, settings.ingest.gap_grace_s)
        for (site, box), seq in sorted(finder.leaps().items()):
            click.echo(f"wrong {site} {box} number {seq}: no box has sent so many; nothing is missed before it")
        for site, box, seq, asked in finder.open_gaps():
            click.echo(f"missing {site} {box} number {seq}, asked for {counted(asked, 'time')}")
        for topic, reason in ResultStore(database).refused():
            click.echo(f"refused {topic}: {reason}")


def _kinds(engine: str | None, calibration: str | None, software: str | None) -> list[tuple[str, str | None]]:
    return [("engine", engine), ("calibration", calibration), ("software", software)]
