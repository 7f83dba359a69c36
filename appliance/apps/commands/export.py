"""nailfold export"""

import sys
from pathlib import Path

import click

from appliance.apps.archive.export_choice import ExportChoice
from appliance.apps.archive.export_exams import export_exams
from appliance.apps.commands.options import FILE, load
from appliance.exports.export_service import ExportFormat


@click.command("export")
@click.argument("exam_ids", nargs=-1, metavar="[EXAM_ID...]")
@click.option("--project", metavar="NAME", help="Every finished exam of a project.")
@click.option("--folder", metavar="PROJECT/FOLDER", help="Every finished exam of a folder and those in it.")
@click.option("--collection", metavar="NAME", help="The exams that a collection's pictures are of.")
@click.option(
    "--format", "form", type=click.Choice([one.value for one in ExportFormat]), required=True, help="Of the file."
)
@click.option("--out", type=FILE, required=True, metavar="FILE", help="Where to write it.")
@click.option("--with-identity", is_flag=True, help="FHIR and DICOM with name, birth date and clinic number.")
@click.option("--with-report", is_flag=True, help="FHIR with the printed report (PDF).")
@click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
def command(
    exam_ids: tuple[str, ...],
    project: str | None,
    folder: str | None,
    collection: str | None,
    form: str,
    out: Path,
    with_identity: bool,
    with_report: bool,
    data_dir: Path | None,
    config: Path | None,
) -> None:
    """Write finished exams as FHIR R4, DICOM, CSV, an archive for another box (zip) or COCO labels.

    One exam as FHIR is a JSON file; everything else is a ZIP file. The station may run meanwhile.
    """
    loaded = load(config, data_dir=data_dir)
    choice = ExportChoice(exam_ids, project, folder, collection)
    sys.exit(export_exams(loaded, choice, ExportFormat(form), out, with_identity, with_report))
