"""`nailfold train --data`: a tiny training on rendered pictures, from labels to weights that the device loads."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from appliance.apps.cli import main
from appliance.apps.workbench.training.train_networks import split_by_subject
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from engines.datasets.labels import DatasetError, LabelledImage, LabelledSet
from engines.evaluation.real import WEIGHTS


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    arguments = ["dataset", "render", "--out", str(out), "--count", "4", "--seed", "2", "--pattern", "healthy"]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.output) == (0, "")
    path = out / "annotations.json"
    document = json.loads(path.read_text())
    for at, image in enumerate(document["images"]):
        image["subject"] = f"P{at // 2}"
    path.write_text(json.dumps(document))
    return out


def train(dataset: Path, out: Path, *more: object) -> Result:
    flags = ["--data", dataset / "annotations.json", "--images", dataset / "images", "--out", out]
    site = out.parent / "site.toml"
    site.touch()
    return CliRunner().invoke(main, ["train", *map(str, [*flags, "--config", site, *more])])


def test_training_reports_both_detectors_and_leaves_weights_that_load(tmp_path: Path, dataset: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "tuned"
    result = train(dataset, out, "--minutes", "0.05", "--rendered", "2", "--held-out", "0.5")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 pictures to train on, 2 others to judge by" in result.stdout
    assert result.stdout.count("AP 0.50:0.95") == 2
    assert f"{out.resolve()}/weights" in result.stdout
    subjects = [
        {image["subject"] for image in json.loads((out / name).read_text())["images"]}
        for name in ("training.json", "held_out.json")
    ]
    assert sorted(map(len, subjects)) == [1, 1]
    assert not subjects[0] & subjects[1]
    entry = json.loads((out / "weights" / "manifest.json").read_text())["engines"]["detector"]
    shipped = json.loads((WEIGHTS / "manifest.json").read_text())["engines"]["detector"]
    assert entry["training"]["started_from"] == shipped["sha256"] != entry["sha256"]
    assert entry["training"]["steps"] >= 1
    engines = load_engine_set(InferenceSettings(weights_dir=out / "weights", threads=1), "test")
    assert engines.detector.detect(np.full((480, 640, 3), 180, dtype=np.uint8)).capillaries == ()


def test_folder_of_an_earlier_training_is_left_alone(tmp_path: Path, dataset: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "kept.txt").touch()
    result = train(dataset, tmp_path)
    assert result.exit_code == 1
    assert "is not empty" in result.stderr
    assert not (tmp_path / "weights").exists()


def test_without_data_it_says_what_to_name() -> None:
    result = CliRunner().invoke(main, ["train"])
    assert result.exit_code == 2
    assert "--data, --images and --out" in result.stderr


def test_no_subject_is_on_both_sides_of_the_split() -> None:
    images = tuple(LabelledImage(f"{at}.png", 640, 480, subject=f"P{at // 3}") for at in range(30))
    training, held_out = split_by_subject(LabelledSet(images, ("normal",)), 0.3, seed=4)
    subjects = [{image.subject for image in part.images} for part in (training, held_out)]
    assert (len(subjects[0]), len(subjects[1])) == (7, 3)
    assert not subjects[0] & subjects[1]
    assert len(training.images) + len(held_out.images) == 30


def test_one_subject_cannot_be_split() -> None:
    images = tuple(LabelledImage(f"{at}.png", 640, 480, subject="P0") for at in range(3))
    with pytest.raises(DatasetError, match="one subject"):
        split_by_subject(LabelledSet(images, ("normal",)), 0.3, seed=4)
