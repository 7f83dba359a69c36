"""`nailfold export` and `nailfold pacs`: kept exams as files and in a DICOM archive, without a station."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from appliance.apps.archive.data_folder import ACTOR, open_data_folder
from appliance.apps.archive.export_choice import ExportChoice
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.files.atomic_file import require_writable_folder
from appliance.domain.counted import counted
from appliance.domain.errors import ApplianceError, ExportError
from appliance.durable_files import flush, sync_folder
from appliance.exports.dicom.files import dicom_objects
from appliance.exports.dicom.pacs import store
from appliance.exports.export_service import SENT, ExportFormat


def export_exams(
    loaded: LoadedSettings, choice: ExportChoice, form: ExportFormat, out: Path, with_identity: bool, with_report: bool
) -> int:
    """Write the file, whole or not at all; 1 where a picture is missing in it, else 0. Raises ApplianceError."""
    require_writable_folder(out.absolute().parent)
    unfinished = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    with open_data_folder(loaded) as folder:
        try:
            exam_ids = choice.resolve(folder.storage)
            with unfinished.open("xb+") as file:
                report = folder.reports.pdf if with_report else None
                made = folder.exports.export(form, exam_ids, file, ACTOR, with_identity=with_identity, report=report)
                flush(file)
            unfinished.replace(out)
            sync_folder(out.absolute().parent)
        except OSError as error:
            raise ExportError(f"cannot write {out}: {error.strerror}", "Choose a folder to write in.") from error
        finally:
            unfinished.unlink(missing_ok=True)
    count = len(dict.fromkeys(exam_ids))
    click.echo(f"{out} ({made.media_type}, {counted(count, 'exam')})")
    for line in made.missing:
        click.echo(f"nailfold: not in it: {line}", err=True)
    return 1 if made.missing else 0


def send_exams(loaded: LoadedSettings, exam_ids: Sequence[str], with_identity: bool) -> int:
    """The exit code: 0 when the archive has confirmed every exam."""
    failed = 0
    with open_data_folder(loaded) as folder:
        for exam_id in exam_ids:
            try:
                objects = list(dicom_objects(folder.exports.source(exam_id, with_identity=with_identity)))
                store(loaded.settings.pacs, objects, lambda _: None)
            except ApplianceError as error:
                failed += 1
                click.echo(f"nailfold: exam {exam_id}: {error}", err=True)
                continue
            detail = {"archive": loaded.settings.pacs.name, "state": "sent", "stored": len(objects)}
            folder.storage.journal.append(ACTOR, f"exam:{exam_id}", SENT, detail)
            click.echo(f"{exam_id}: {counted(len(objects), 'object')}")
    return 1 if failed else 0
