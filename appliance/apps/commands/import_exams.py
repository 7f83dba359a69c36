"""nailfold import"""

import sys
from datetime import datetime
from pathlib import Path

import click

from appliance.apps.archive.import_exams import import_exam_archive, import_picture_files
from appliance.apps.commands.options import FILE, load
from appliance.domain.errors import ExamError
from appliance.domain.exam import Finger, Hand
from appliance.exports.archive.read import ArchiveChoices


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option("--patient", metavar="PSEUDONYM", help="Whose pictures they are; needed for everything but an archive.")
@click.option("--um-per-px", type=float, help="Scale of every picture; without it, what each file says.")
@click.option(
    "--hand", type=click.Choice([one.value for one in Hand]), help="Of every picture; goes before what names tell."
)
@click.option(
    "--finger", type=click.Choice([one.value for one in Finger]), help="Of every picture; goes before what names tell."
)
@click.option(
    "--taken-at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When the pictures were taken (local time); without it, what each file says.",
)
@click.option(
    "--another-patient",
    is_flag=True,
    help="The patient is another than the one whose pseudonym looks like this one.",
)
@click.option(
    "--same-patient", "same", multiple=True, metavar="PSEUDONYM", help="Archive: the same patient on both boxes."
)
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="Archive: another pseudonym here.")
@click.option("--publish", is_flag=True, help="Archive: publish the exams over MQTT as if captured here.")
@click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
@click.option("--runtime", help="onnxruntime or tensorrt; never replaced by the other.")
def command(
    paths: tuple[Path, ...],
    patient: str | None,
    um_per_px: float | None,
    hand: str | None,
    finger: str | None,
    taken_at: datetime | None,
    another_patient: bool,
    same: tuple[str, ...],
    rename: tuple[str, ...],
    publish: bool,
    data_dir: Path | None,
    config: Path | None,
    runtime: str | None,
) -> None:
    """Take in another box's archive (one .zip), or pictures and folders (JPEG, PNG, TIFF, BMP, DICOM) as one exam.

    Hand, finger and sector are read from each file's metadata and name, and from the folders below a folder that you
    name. Exit code 1 if a file was left out.
    """
    loaded = load(config, data_dir=data_dir, runtime=runtime)
    if len(paths) == 1 and _is_archive(paths[0]):
        renamed = dict(_renaming(wish) for wish in rename)
        sys.exit(import_exam_archive(loaded, paths[0], ArchiveChoices(frozenset(same), renamed, publish)))
    if patient is None:
        raise ExamError("no patient was named", "Give the clinic's pseudonym with --patient.")
    place = (None if hand is None else Hand(hand), None if finger is None else Finger(finger))
    when = None if taken_at is None else taken_at.astimezone()
    sys.exit(import_picture_files(loaded, paths, patient, um_per_px, place, when, another_patient))


def _is_archive(path: Path) -> bool:
    """Whether it is a ZIP file by its content, or is named like one and must be refused with the reason."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06") or path.suffix.lower() == ".zip"
    except OSError:
        return path.suffix.lower() == ".zip"


def _renaming(wish: str) -> tuple[str, str]:
    old, separator, new = wish.partition("=")
    if not (old and separator and new):
        raise ExamError(f"cannot rename {wish!r}", "Write --rename OLD=NEW.")
    return old, new
