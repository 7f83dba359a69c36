"""`nailfold dataset from-exams`: a clinic's reviewed exams as a labelled data set, split by patient."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.apps.archive.data_folder import ACTOR, DataFolder, open_data_folder
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.files.atomic_folder import new_folder
from appliance.domain.errors import ExportError
from appliance.domain.exam import ExamState
from appliance.exports.coco.data_set import DataSet
from appliance.exports.coco.split import PARTS
from appliance.exports.source import ExamToExport

Reporter = Callable[[str], None]
SCHEMA = "nailfold.dataset/1"
_KEY_BYTES = 32
_PAGE = 200


def dataset_from_exams(loaded: LoadedSettings, out: Path, validated_only: bool, reporter: Reporter) -> None:
    """A new folder with train, val and test, each with images/ and annotations.json; whole or absent.

    A patient is in one part alone, and in the same one whenever this box makes a data set. Nothing in the folder names
    a patient, an exam or a camera.

    Raises:
        ApplianceError: there are no exams to use, or the folder exists or cannot be written.
    """
    with open_data_folder(loaded) as kept:
        data_set = DataSet(split_key(loaded.settings.station.data_dir / "dataset.key"))
        with new_folder(out) as folder:
            for part in PARTS:
                (folder / part / "images").mkdir(parents=True)
            exam_ids = []
            for source in _exams(kept, validated_only):
                exam_ids.append(source.exam.exam_id)
                for part, name, png in data_set.pictures(source):
                    (folder / part / "images" / name).write_bytes(png)
            _require_pictures(data_set, len(exam_ids), validated_only)
            for part in PARTS:
                (folder / part / "annotations.json").write_bytes(data_set.annotations(part))
            (folder / "dataset.json").write_text(_summary(data_set, validated_only), encoding="utf-8")
            kept.exports.note(exam_ids, ACTOR, {"format": "dataset", "with_identity": False})
    for part in PARTS:
        pictures, patients = data_set.counts(part)
        reporter(f"{part}: {pictures} pictures of {patients} patients")
        if not pictures:
            reporter(f"{part} is empty: chance put no patient into it; add exams of more patients")


def split_key(path: Path) -> bytes:
    """The box's own key for the split, made at the first use. Raises ExportError."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="ascii") as file:
                path.chmod(0o600)
                file.write(secrets.token_hex(_KEY_BYTES))
        return bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise ExportError(f"the split's key {path} cannot be used: {error}", "Restore it from a backup.") from error


def _exams(kept: DataFolder, validated_only: bool) -> Iterator[ExamToExport]:
    offset = 0
    while page := kept.storage.exams.exams(limit=_PAGE, offset=offset):
        offset += len(page)
        for exam in page:
            if exam.state is not ExamState.FINISHED:
                continue
            source = kept.exports.source(exam.exam_id)
            if source.reviewed.validated_by is not None or not validated_only:
                yield source


def _require_pictures(data_set: DataSet, exams: int, validated_only: bool) -> None:
    if not any(data_set.counts(part)[0] for part in PARTS):
        kind = "validated" if validated_only else "finished"
        raise ExportError(f"{exams} {kind} exams hold no evaluable picture", "Review and validate exams first.")


def _summary(data_set: DataSet, validated_only: bool) -> str:
    parts = {part: dict(zip(("pictures", "subjects"), data_set.counts(part), strict=True)) for part in PARTS}
    summary = {"schema": SCHEMA, "validated_only": validated_only, "split": "by patient, keyed", "parts": parts}
    return json.dumps(summary, indent=1) + "\n"
