"""From validated exams on the disk to an installed classifier, by the command."""

import hashlib
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cv2
import pytest
import uuid_utils

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.exam import CapturedImage, Finger, Hand, Sector
from appliance.exam.review_service import ReviewService
from appliance.inference.engine_set import load_engine_set
from appliance.inference.pattern_classifier import load_classifier
from appliance.inference.settings import InferenceSettings
from appliance.ports import OutboxMessage
from appliance.storage.open_storage import open_beside, open_storage
from appliance.storage.settings import StorageSettings
from engines.pattern.rendered import rendered_samples

pytest.importorskip("sklearn", reason="needs the pattern extra")

WEIGHTS = Path(__file__).parents[2] / "engines" / "weights"
NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
SUBJECTS, OUT_OF_FOCUS = 24, 1
"""Exams of a picture each; of one the picture is not evaluable, so nothing is learnt from it."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Validated exams of as many patients, four patterns; and one exam that nobody has named."""
    folder = tmp_path_factory.mktemp("station")
    pipeline = Pipeline(load_engine_set(InferenceSettings(weights_dir=WEIGHTS), "test"))
    with open_storage(StorageSettings(folder=folder / "exams"), lambda: NOON) as storage:
        service = ReviewService(storage.exams, storage.journal)
        for number, sample in enumerate(rendered_samples(SUBJECTS + 1, 1, pipeline)):
            exam = storage.exams.start_exam(f"P-{number:03}", NOON + timedelta(minutes=number))
            image_id = str(uuid_utils.uuid7())
            png = cv2.imencode(".png", sample.image_rgb[..., ::-1])[1].tobytes()
            digest = hashlib.sha256(png).hexdigest()
            name = f"{image_id}.png"
            image = CapturedImage(
                image_id, Hand.LEFT, Finger.RING, Sector.B, NOON, name, digest, record_analysis(sample.analysis, name)
            )
            storage.exams.add_image(exam.exam_id, image, png)
            message = OutboxMessage(
                str(uuid_utils.uuid7()), "nailfold.exam/1", b"{}", hashlib.sha256(b"{}").hexdigest()
            )
            storage.exams.finish_exam(exam.exam_id, NOON + timedelta(minutes=number, seconds=30), message)
            if number < SUBJECTS:
                service.name_pattern(exam.exam_id, sample.pattern, "carla", 0)
                service.validate(exam.exam_id, "carla", service.log(exam.exam_id).revision, accepts_unseen=True)
    return folder


def nailfold(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance.apps.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_validated_exams_become_an_installed_advisory(data_dir: Path, tmp_path: Path) -> None:
    done = nailfold("train", "pattern", "--out", tmp_path / "p", "--install", "--data-dir", data_dir)
    assert done.returncode == 0, done.stderr
    assert f"{SUBJECTS} validated exams have a named pattern" in done.stdout
    study = json.loads((tmp_path / "p" / "study.json").read_text())
    assert len(study["contestants"]) == 14
    assert study["data"]["subjects"] == SUBJECTS - OUT_OF_FOCUS
    advisor = load_classifier(data_dir / "pattern")
    assert advisor is not None
    with open_beside(StorageSettings(folder=data_dir / "exams"), lambda: NOON) as storage:
        (entry,) = storage.journal.entries("pattern")
    assert (entry.actor, entry.action) == ("command line", "pattern.installed")
    assert "P-0" not in (tmp_path / "p" / "pattern.json").read_text() + done.stdout


def test_too_few_exams_are_refused_in_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    with open_storage(StorageSettings(folder=tmp_path / "exams"), lambda: NOON):
        pass
    done = nailfold("train", "pattern", "--out", tmp_path / "p", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert "no validated exam" in done.stderr
    assert not (tmp_path / "p").exists()
