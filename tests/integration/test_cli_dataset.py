"""`nailfold dataset`: rendered sets, and labels through all three formats."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from appliance.apps.cli import main
from engines.datasets.coco import read_coco
from engines.datasets.labels import Standing


def dataset(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["dataset", *map(str, arguments)])


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    assert dataset("render", "--out", out, "--count", 2, "--seed", 3, "--width", 320, "--height", 240).exit_code == 0
    return out


def test_a_rendered_set_is_pictures_and_their_truth(rendered: Path) -> None:
    labelled = read_coco(rendered / "annotations.json")
    assert len(labelled.images) == 2
    for image in labelled.images:
        with Image.open(rendered / "images" / image.file_name) as picture:
            assert picture.size == (image.width_px, image.height_px) == (320, 240)
        assert image.um_per_px is not None
        assert image.density_per_mm is not None
        assert image.labels


def test_same_seed_same_set_and_another_seed_another(tmp_path: Path, rendered: Path) -> None:
    for seed in (3, 4):
        dataset("render", "--out", tmp_path / str(seed), "--count", 2, "--seed", seed, "--width", 320, "--height", 240)
    files = [
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*.*")} for f in (rendered, tmp_path / "3", tmp_path / "4")
    ]
    assert files[0] == files[1]
    assert files[0].keys() & files[2].keys() == {Path("annotations.json")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count", "2", "--seed", "40"], "from 0 to 39"),
        (["--count", "0"], "from 1 to 10,000"),
        (["--count", "1", "--um-per-px", "900"], "900"),
    ],
)
def test_numbers_that_cannot_be_used_leave_nothing(tmp_path: Path, arguments: list[str], words: str) -> None:
    result = dataset("render", "--out", tmp_path / "set", *arguments)
    assert result.exit_code == 1
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = dataset("render", "--out", tmp_path, "--count", 1)
    assert result.exit_code == 1
    assert "exists already" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rendering_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "appliance.apps.cli", "dataset", "render", "--count", "5000", "--out"]
    process = subprocess.Popen([*command, str(tmp_path / "set")], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".set.*.part/images/*.png")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_labels_go_through_labelme_without_loss(tmp_path: Path, rendered: Path) -> None:
    labels = rendered / "annotations.json"
    there = dataset("convert", "--from", "coco", "--to", "labelme", labels, tmp_path / "me")
    back = dataset("convert", "--from", "labelme", "--to", "coco", tmp_path / "me", tmp_path / "back.json")
    assert (there.exit_code, back.exit_code, back.stderr) == (0, 0, "")
    before, after = read_coco(labels), read_coco(tmp_path / "back.json")
    assert [image.file_name for image in after.images] == [image.file_name for image in before.images]
    for one, other in zip(before.images, after.images, strict=True):
        assert (one.um_per_px, one.density_per_mm) == (other.um_per_px, other.density_per_mm)
        for label, again in zip(one.labels, other.labels, strict=True):
            assert again.bbox == pytest.approx(label.bbox, abs=0.002)
            assert (again.category, again.size, again.standing) == (label.category, label.size, label.standing)
            assert again.segments() == label.segments()


def test_yolo_keeps_the_boxes_and_tells_the_rest_in_one_line(tmp_path: Path, rendered: Path) -> None:
    labels, pictures = rendered / "annotations.json", rendered / "images"
    there = dataset("convert", "--from", "coco", "--to", "yolo", labels, tmp_path / "yolo")
    assert there.exit_code == 0
    assert len(there.stderr.splitlines()) == 1
    assert "YOLO cannot hold" in there.stderr
    arguments = ["--from", "yolo", "--to", "coco", "--images", pictures, tmp_path / "yolo", tmp_path / "back.json"]
    back = dataset("convert", *arguments)
    assert (back.exit_code, back.stderr) == (0, "")
    for one, other in zip(read_coco(labels).images, read_coco(tmp_path / "back.json").images, strict=True):
        targets = [label for label in one.labels if label.standing is Standing.TARGET]
        assert [label.category for label in other.labels] == [label.category for label in targets]
        for label, again in zip(targets, other.labels, strict=True):
            assert again.bbox == pytest.approx(label.bbox, abs=0.002)
            assert (again.segments(), again.size) == ({}, None)


def test_bad_files_are_a_line_each_and_nothing_is_written(tmp_path: Path, rendered: Path) -> None:
    folder, out = tmp_path / "me", tmp_path / "out.json"
    dataset("convert", "--from", "coco", "--to", "labelme", rendered / "annotations.json", folder)
    (folder / "cut.json").write_text("{")
    (folder / "empty.json").write_text(json.dumps({"shapes": []}))
    out.write_text("as before")
    result = dataset("convert", "--from", "labelme", "--to", "coco", folder, out)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [name for line in lines for name in ("cut.json", "empty.json") if name in line] == ["cut.json", "empty.json"]
    assert lines[-1] == "nailfold: nothing was written: 2 of the files cannot be used"
    assert out.read_text() == "as before"


def test_an_answer_in_the_wrong_place_is_refused(tmp_path: Path, rendered: Path) -> None:
    labels = rendered / "annotations.json"
    folder = dataset("convert", "--from", "coco", "--to", "coco", labels, tmp_path)
    assert folder.exit_code == 1
    assert "COCO is one file" in folder.stderr
    nowhere = dataset("convert", "--from", "coco", "--to", "yolo", labels, tmp_path / "no" / "where")
    assert nowhere.exit_code == 1
    assert "no such folder" in nowhere.stderr
