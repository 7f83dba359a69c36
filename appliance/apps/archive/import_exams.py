"""`nailfold import`: archives of other boxes, and pictures of other software, as exams; without a station."""

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from appliance.apps.archive.assembly import build_archive_imports, build_import_tools, still_analysis
from appliance.apps.archive.data_folder import ACTOR, VERSION, open_data_folder
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.files.inputs import Input, find_inputs
from appliance.apps.system_clock import SystemClock
from appliance.domain.counted import counted
from appliance.domain.errors import ApplianceError
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.domain.look_alike import LookAlikeError
from appliance.exam.message import BoxAddress
from appliance.exports.archive.read import ArchiveChoices, PseudonymClashError
from appliance.exports.imports.job import ImportOptions, ImportTools, PictureResult, PlacedPicture, import_pictures
from appliance.exports.imports.picture import ScaleSource
from appliance.exports.imports.placement_guess import Guess, agreed, guess_placement
from appliance.foreign_files.names import shown
from appliance.inference.engine_set import load_engine_set


def import_exam_archive(loaded: LoadedSettings, path: Path, choices: ArchiveChoices) -> int:
    """The exit code: 0 when everything was taken in, 1 when a review was not, or a pseudonym must be decided on."""
    mqtt = loaded.settings.mqtt
    with open_data_folder(loaded, make=True) as kept, tempfile.TemporaryDirectory() as folder:
        archives = build_archive_imports(
            Path(folder) / "archives",
            kept.storage.exams,
            kept.storage.patients,
            kept.storage.journal,
            BoxAddress(mqtt.site, mqtt.box),
            SystemClock().now_utc,
        )
        try:
            taken = archives.take_in_file(path, choices, ACTOR)
        except PseudonymClashError as error:
            # On the person's own screen, not in a log.
            click.echo(f"nailfold: {error}", err=True)
            for name, here in error.here.items():
                looks = "" if name.casefold() == here.casefold() else f" (there is {here}, which looks like this)"
                click.echo(f"  {name}{looks}: --same-patient {name}  or  --rename {name}=NEW", err=True)
            return 1
    for exam_id in taken.imported:
        click.echo(f"{exam_id}: imported")
    for exam_id in taken.known:
        click.echo(f"{exam_id}: was here already")
    for problem in taken.problems:
        click.echo(f"nailfold: {problem}", err=True)
    return 1 if taken.problems else 0


def import_picture_files(
    loaded: LoadedSettings,
    paths: Sequence[Path],
    pseudonym: str,
    um_per_px: float | None,
    place: tuple[Hand | None, Finger | None],
    taken_at: datetime | None,
    is_another: bool = False,
) -> int:
    """The exit code: 0 when every file is part of the exam, 1 when one is not or it must be said who the patient is."""
    found = find_inputs(paths)
    problems = found.problems + [
        f"left out {one.path}: a video; pictures are imported" for one in found.files if one.is_video
    ]
    for sentence in [*found.notes, *problems]:
        _complain(sentence)
    options = ImportOptions(pseudonym, um_per_px, taken_at, ACTOR, is_another=is_another)
    with open_data_folder(loaded, make=True) as kept, tempfile.TemporaryDirectory() as folder:
        patients = kept.storage.patients
        try:
            is_new = patients.patient_of(options.require_patient(patients)) is None
        except LookAlikeError as error:
            # On the person's own screen, not in a log.
            click.echo(f"nailfold: {error.message}, nothing was imported", err=True)
            for name in error.pseudonyms:
                click.echo(shown(f"  the same patient: --patient '{name}'"), err=True)
            click.echo("  another patient: --another-patient", err=True)
            return 1
        engines = load_engine_set(loaded.settings.inference, VERSION)
        analyse = still_analysis(engines, loaded.settings.analysis)
        tools = build_import_tools(
            kept.storage.exams,
            patients,
            kept.storage.journal,
            analyse,
            SystemClock().now_utc,
            loaded.settings.exam,
        )
        placed = [_placed(one, place, tools) for one in found.files if not one.is_video]
        pictures = [one for one in placed if isinstance(one, PlacedPicture)]
        for refusal in (one for one in placed if isinstance(one, str)):
            _complain(refusal)

        def tell(at: int, result: PictureResult) -> None:
            if result.problem:
                _complain(f"{result.name}: {result.problem}")
                return
            click.echo(shown(f"{result.name}: {_words(pictures[at].placement, result)}"))
            if result.note:
                _complain(f"{result.name}: {result.note}")

        exam = import_pictures(pictures, options, tools, Path(folder), tell)
    click.echo(f"exam {exam.exam_id}: {counted(len(exam.images), 'image')}{' of a new patient' if is_new else ''}")
    return 1 if problems or len(exam.images) < len(placed) else 0


def _complain(sentence: str) -> None:
    click.echo(shown(f"nailfold: {sentence}"), err=True)


_SCALE_SOURCES = {
    ScaleSource.DICOM: "as its DICOM header states",
    ScaleSource.STILL: "as it was kept with",
    ScaleSource.TAGS: "as its resolution states",
    None: "as --um-per-px states",
}


def _words(where: Placement, result: PictureResult) -> str:
    scale = "no scale"
    if result.um_per_px is not None:
        scale = f"{result.um_per_px:.4g} um per pixel {_SCALE_SOURCES[result.scale_source]}"
    found = counted(result.capillaries, "capillary", "capillaries")
    return f"{where.hand.value} {where.finger.value} {where.sector.value}, {scale}, {found}"


def _placed(source: Input, place: tuple[Hand | None, Finger | None], tools: ImportTools) -> PlacedPicture | str:
    """The file with its placement, or why it has none.

    What the person states goes before what the file's metadata say, and those before its name; only the part of its
    path below what was named on the command line counts.
    """
    name = shown(str(source.path))
    by_name = guess_placement(shown(source.below))
    try:
        own = tools.read_still(source.path).guess
    except (ApplianceError, OSError) as error:
        return str(error)
    kept, note = agreed(Guess(*place), own, by_name)
    if kept.hand is None or kept.finger is None:
        return f"{name} names no hand or finger. Rename it (left-index-A.png), or use --hand and --finger."
    placement = Placement(kept.hand, kept.finger, kept.sector or Sector.UNKNOWN)
    return PlacedPicture(source.path, name, placement, note)
