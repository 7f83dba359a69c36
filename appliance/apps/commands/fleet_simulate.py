"""nailfold fleet simulate and demo: a fleet without boxes."""

import logging
from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.fleet_simulator.characters import characters
from appliance.apps.fleet_simulator.demo import Demo
from appliance.apps.fleet_simulator.demo_files import DemoPorts
from appliance.apps.fleet_simulator.simulated_fleet import Pace, SimulatedBroker, SimulatedFleet
from appliance.apps.log_layout import log_to_stderr
from appliance.domain.counted import counted
from firmware.stop_signals import StopSignals

_FOLDER = click.option(
    "--folder", type=FILE, default=Path("var/fleet"), show_default=True, help="What is kept until the next start."
)
_BOXES = click.option("--boxes", type=click.IntRange(1, 2000), default=5, show_default=True)
_PACE = (
    click.option("--exams-an-hour", type=click.FloatRange(0), default=6.0, show_default=True, help="Of each box."),
    click.option("--history", type=click.IntRange(0), default=0, show_default=True, help="Exams a new box had before."),
    click.option("--history-days", type=click.FloatRange(1), default=60.0, show_default=True, help="In so many days."),
    click.option("--images", type=click.IntRange(1, 16), default=8, show_default=True, help="Of an exam."),
    click.option("--telemetry-s", type=click.FloatRange(0.2), default=60.0, show_default=True, help="Between two."),
)


@click.command("simulate")
@_BOXES
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, help="Number of the first box.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Of the broker.")
@click.option("--port", type=click.IntRange(1, 65_535), default=8883, show_default=True)
@click.option("--authority", type=FILE, metavar="FOLDER", help="Signs a certificate for each box; without it no TLS.")
@click.option("--job-keys", type=FILE, metavar="FILE", help="Public keys, as `job-key` makes them: whose jobs they do.")
@_FOLDER
@_PACE[0]
@_PACE[1]
@_PACE[2]
@_PACE[3]
@_PACE[4]
def simulate(
    boxes: int,
    first: int,
    host: str,
    port: int,
    authority: Path | None,
    job_keys: Path | None,
    folder: Path,
    exams_an_hour: float,
    history: int,
    history_days: float,
    images: int,
    telemetry_s: float,
) -> None:
    """Run boxes without camera and networks until Ctrl-C or SIGTERM; what they tell and do is the device's own code.

    A few need a person: of every hundred one is hot, one's disk is full, one's camera has failed, one's widths drift.
    """
    log_to_stderr(logging.WARNING)
    stopping = StopSignals()
    pace = Pace(exams_an_hour, telemetry_s, history, history_days, images)
    broker = SimulatedBroker(host, port, authority)
    with SimulatedFleet(characters(boxes, first), folder, broker, pace, {"fleet.job_keys": job_keys}) as crowd:
        crowd.run(stopping, lambda count: click.echo(counted(count, "box", "boxes")))


@click.command("demo")
@_BOXES
@_FOLDER
@click.option("--broker-port", type=click.IntRange(0, 65_535), default=0, help="0, the default: a free one.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8090, show_default=True, help="Of the console.")
@_PACE[0]
@_PACE[1]
@_PACE[2]
@_PACE[3]
@_PACE[4]
def demo(
    boxes: int,
    folder: Path,
    broker_port: int,
    port: int,
    exams_an_hour: float,
    history: int,
    history_days: float,
    images: int,
    telemetry_s: float,
) -> None:
    """Show a whole fleet on this computer until Ctrl-C: broker with TLS, ingest worker, console, simulated boxes."""
    stopping = StopSignals()
    pace = Pace(exams_an_hour, telemetry_s, history, history_days, images)
    with Demo(folder, boxes, pace, DemoPorts(broker_port, port), click.echo) as made:
        made.run(stopping)
