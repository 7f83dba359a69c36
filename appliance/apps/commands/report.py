"""nailfold report"""

from pathlib import Path

import click

from appliance.apps.archive.data_folder import ACTOR, open_data_folder
from appliance.apps.commands.options import FILE, load
from appliance.apps.files.atomic_file import write_atomically
from appliance.exports.report.form import PAPERS
from appliance.exports.report.localisation import LANGUAGES
from appliance.exports.report.report_service import Choice


@click.command("report")
@click.argument("exam_id")
@click.option("--out", type=FILE, metavar="FILE", required=True, help="Where the PDF goes.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Instead of the form's own.")
@click.option("--paper", type=click.Choice(PAPERS), help="Instead of the form's own.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
@click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")
def command(
    exam_id: str, out: Path, language: str | None, paper: str | None, config: Path | None, data_dir: Path | None
) -> None:
    """Write the report of a kept exam as PDF; also while the station runs."""
    with open_data_folder(load(config, data_dir=data_dir)) as folder:
        write_atomically(out, folder.reports.issue(exam_id, ACTOR, Choice(language, paper)))
    click.echo(f"{out}")
