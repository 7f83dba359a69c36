"""`nailfold train pattern`: the classifiers compared on a clinic's own exams, and the best one installed."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from appliance.apps.archive.data_folder import ACTOR, DataFolder
from appliance.apps.extras import require_modules
from appliance.apps.files.atomic_folder import write_folder
from appliance.domain.errors import InferenceError
from appliance.domain.exam import ExamState, ImageKind
from appliance.domain.review import ReviewedExam
from appliance.inference.pattern_classifier import load_classifier
from appliance.inference.trunk_embedding import TrunkEmbedding
from appliance.storage.still_encoder import decode_picture
from engines.pattern.report import study_text
from engines.pattern.ship import pattern_files, study_document
from engines.pattern.study import Study, run_study
from engines.pattern.table import PatternSample, image_tables
from engines.pattern.trunk import trunk_onnx

Reporter = Callable[[str], None]
Track = Callable[[list[ReviewedExam]], Iterable[ReviewedExam]]
STUDY_FILE = "study.json"
_EXAMS_A_PAGE = 100


def train_pattern(folder: DataFolder, detector: Path, out: Path, track: Track, reporter: Reporter) -> Study:
    """A new folder with the best classifier, ready to install, and every contestant's figures.

    Args:
        detector: the shipped network, whose trunk is the seventh contestant's backbone.
        track: passes the exams on and shows how far it is.
        reporter: takes a line as each contestant begins, then the result.

    Raises:
        ApplianceError: the extra `pattern` is not installed,
            too few exams are validated and named, an image cannot be read, or `out` cannot be written.
    """
    require_modules("sklearn", "lightgbm", "xgboost", "mahotas", "skl2onnx", "onnxmltools")
    named = list(named_exams(folder))
    reporter(f"{len(named)} validated exams have a named pattern")
    trunk = trunk_onnx(detector)
    measured, seen = image_tables(_samples(folder, track(named)), TrunkEmbedding(trunk))
    study = run_study(measured, seen, reporter)
    files = pattern_files(study, study.best, trunk)
    files[STUDY_FILE] = json.dumps(study_document(study), indent=2).encode()
    write_folder(out, files)
    reporter(study_text(study))
    return study


def named_exams(folder: DataFolder) -> Iterator[ReviewedExam]:
    """Every exam that a physician has validated and whose pattern a physician has named."""
    offset = 0
    while page := folder.storage.exams.exams(limit=_EXAMS_A_PAGE, offset=offset):
        offset += len(page)
        for exam in page:
            if exam.state is not ExamState.FINISHED:
                continue
            reviewed = folder.reviews.reviewed(exam.exam_id)
            if reviewed.validated_by is not None and reviewed.pattern is not None:
                yield reviewed


def _samples(folder: DataFolder, exams: Iterable[ReviewedExam]) -> Iterator[PatternSample]:
    for reviewed in exams:
        assert reviewed.pattern is not None, "named_exams yields named ones alone"
        for image in reviewed.images:
            # Panoramas and clips are other kinds of picture; what does not count says nothing of the pattern.
            if image.image.kind is not ImageKind.STILL or not image.counts:
                continue
            exam = reviewed.exam
            png = folder.storage.exams.read_png(exam.exam_id, image.image.image_id)
            picture = decode_picture(png, image.image.file_name)
            yield PatternSample(exam.patient_pseudonym, exam.exam_id, reviewed.pattern, picture, image.analysis)


def install_pattern(trained: Path, folder: DataFolder) -> Path:
    """Put a trained classifier where the station looks for one, in place of an earlier one; where that is.

    Raises:
        InferenceError: `trained` does not hold a classifier that its record vouches for.
    """
    if load_classifier(trained) is None:
        raise InferenceError(f"{trained} holds no pattern classifier", "Name the folder that training wrote.")
    target = folder.settings.station.data_dir / "pattern"
    retired = target.with_name("pattern.previous")
    files = {path.name: path.read_bytes() for path in trained.iterdir() if path.is_file()}
    fresh = target.with_name("pattern.new")
    _remove(fresh)
    write_folder(fresh, files)
    _remove(retired)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    folder.storage.journal.append(ACTOR, "pattern", "pattern.installed", {"files": digests})
    if target.exists():
        target.replace(retired)
    fresh.replace(target)
    return target


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
