"""`nailfold analyze` as a clinic's script would call it: real processes, real files, exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from appliance import schemas
from appliance.apps.cli import main
from engines.synthetic.live import LiveScene
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

COMMAND = (sys.executable, "-m", "appliance.apps.cli", "analyze")


@pytest.fixture(scope="module")
def nailfold() -> np.ndarray:
    return render(3, um_per_px=1.41, pattern=Pattern.HEALTHY, difficulty=0.0).image_rgb


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An empty site file: what this computer may have in /etc does not count."""
    path = tmp_path / "site.toml"
    path.touch()
    return path


@pytest.fixture
def pictures(tmp_path: Path, nailfold: np.ndarray) -> Path:
    folder = tmp_path / "pictures"
    (folder / "left hand").mkdir(parents=True)
    Image.fromarray(nailfold).save(folder / "img2.png")
    Image.fromarray(nailfold).save(folder / "left hand" / "ring.png")
    return folder


def analyze(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["analyze", *map(str, arguments)])


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    schemas.validate("nailfold.analysis-1", document)
    return document


def write_video(path: Path, pictures: int) -> None:
    scene = LiveScene(2, width=640, height=480)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (640, 480))
    for index in range(pictures):
        writer.write(cv2.cvtColor(scene.frame(20.0 + index / 10)[0], cv2.COLOR_RGB2BGR))
    writer.release()


def test_a_folder_gives_one_valid_document_in_natural_order(tmp_path: Path, pictures: Path, site: Path) -> None:
    result = analyze(pictures, "--config", site, "--um-per-px", 1.41, "--json", tmp_path / "r.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("nailfold: 2 of 2 pictures without a stated time: captured_at is ")
    assert result.stderr.count("\n") == 1
    document = read(tmp_path / "r.json")
    assert [image["file"] for image in document["images"]] == ["img2.png", "left hand/ring.png"]
    first = document["images"][0]
    assert (first["width"], first["height"], first["um_per_px"]) == (640, 480, 1.41)
    assert first["capillaries"], "the shipped networks find loops in a clean rendered nailfold"
    assert first["metrics"]["density_per_mm"] is not None


def test_without_a_scale_nothing_is_in_micrometres_and_the_reason_is_given(pictures: Path, site: Path) -> None:
    result = analyze(pictures / "img2.png", "--config", site)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    schemas.validate("nailfold.analysis-1", document)
    image = document["images"][0]
    assert (image["um_per_px"], image["calibration_id"]) == (None, None)
    assert image["metrics"]["density_unmeasurable_because"] == "no_calibration"
    assert all(width is None for loop in image["capillaries"] for width in loop["widths_um"].values())


def test_bad_files_get_a_line_each_and_the_good_ones_are_measured_all_the_same(
    tmp_path: Path, pictures: Path, site: Path
) -> None:
    (pictures / "empty.png").touch()
    (pictures / "letter.jpg").write_text("Dear colleague")
    (pictures / "cut.png").write_bytes((pictures / "img2.png").read_bytes()[:5000])
    Image.new("1", (12_000, 10_000)).save(pictures / "huge.png")
    (pictures / "clip.mp4").write_bytes(b"no video")
    command = [*COMMAND, str(pictures), str(tmp_path / "none.png"), "--config", str(site), "--json", "r.json"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 7, ended.stderr
    assert all(line.startswith("nailfold: ") for line in lines)
    assert "2 of 2 pictures without a stated time" in lines[-1]
    for name in ("empty.png", "letter.jpg", "cut.png", "huge.png", "clip.mp4", "none.png"):
        assert sum(name in line for line in lines) == 1
    assert [image["file"] for image in read(tmp_path / "r.json")["images"]] == ["img2.png", "left hand/ring.png"]


def test_a_video_is_followed_and_every_nth_picture_measured(tmp_path: Path, site: Path) -> None:
    write_video(tmp_path / "clip.mp4", 12)
    overlays = tmp_path / "overlays"
    result = analyze(
        tmp_path / "clip.mp4", "--every", 4, "--config", site, "--json", tmp_path / "r.json", "--overlay", overlays
    )
    assert result.exit_code == 0, result.output
    images = read(tmp_path / "r.json")["images"]
    assert [image["file"] for image in images] == ["clip.mp4#t=0.000", "clip.mp4#t=0.400", "clip.mp4#t=0.800"]
    ids = [{loop["track_id"] for loop in image["capillaries"]} - {None} for image in images]
    assert ids[1] & ids[2], "a loop keeps its id from picture to picture"
    assert sorted(path.name for path in overlays.iterdir()) == [
        f"clip.mp4-0.{tenths}00.overlay.png" for tenths in (0, 4, 8)
    ]


def test_a_video_that_was_cut_off_is_told(tmp_path: Path, site: Path) -> None:
    write_video(tmp_path / "clip.avi", 40)
    whole = (tmp_path / "clip.avi").read_bytes()
    (tmp_path / "clip.avi").write_bytes(whole[: len(whole) // 2])
    result = analyze(tmp_path / "clip.avi", "--every", 10, "--config", site, "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    assert "clip.avi" in result.stderr


def test_overlays_show_the_picture_with_its_findings_and_are_not_read_again(pictures: Path, site: Path) -> None:
    overlays = pictures / "overlays"
    for _ in range(2):
        result = analyze(pictures, "--config", site, "--overlay", overlays, "--json", pictures / "r.json")
        assert result.exit_code == 0, result.output
        assert len(read(pictures / "r.json")["images"]) == 2
    drawn = sorted(path.relative_to(overlays).as_posix() for path in overlays.rglob("*.*"))
    assert drawn == ["img2.png.overlay.png", "left hand/ring.png.overlay.png"]
    with Image.open(overlays / "img2.png.overlay.png") as overlay, Image.open(pictures / "img2.png") as picture:
        assert (overlay.width, picture.width) == (1280, 640), "a small picture is drawn enlarged"
        assert overlay.height > 960, "the figures stand below the picture, not on it"
        enlarged = picture.resize((1280, 960), Image.Resampling.BICUBIC)
        changed = np.any(np.asarray(overlay)[:960] != np.asarray(enlarged), axis=2).mean()
    assert 0.001 < changed < 0.2


def test_overlays_stay_in_their_folder_and_one_that_cannot_be_written_costs_no_figures(
    tmp_path: Path, nailfold: np.ndarray, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("in/x", "in/y"):
        (tmp_path / place).mkdir(parents=True)
        Image.fromarray(nailfold).save(tmp_path / place / "a.png")
    work, overlays = tmp_path / "in" / "w", tmp_path / "in" / "w" / "ov"
    (overlays / "in" / "x").mkdir(parents=True)
    (overlays / "in" / "x" / "a.png.overlay.png").symlink_to(tmp_path / "precious")
    monkeypatch.chdir(work)
    result = analyze("../../in/x/a.png", "../../in/y/a.png", "--config", site, "--overlay", "ov", "--json", "r.json")
    assert result.exit_code == 1
    assert "it is a link to" in result.stderr
    assert len(read(work / "r.json")["images"]) == 2
    assert not (tmp_path / "precious").exists()
    assert [path.relative_to(work).as_posix() for path in work.rglob("*.overlay.png") if not path.is_symlink()] == [
        "ov/in/y/a.png.overlay.png"
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--um-per-px", "900"], "900"),
        (["--json", "nowhere/r.json"], "no such folder"),
        (["--overlay", "site.toml"], "cannot make"),
        (["--runtime", "cuda"], "onnxruntime, tensorrt"),
        (["--config", "none.toml"], "No such file"),
    ],
)
def test_what_cannot_work_is_refused_before_the_work(
    pictures: Path, site: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(pictures.parent)
    result = analyze(pictures, "--config", site, *arguments)
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(path.name for path in pictures.parent.iterdir()) == ["pictures", "site.toml"]


def test_nothing_to_measure_is_an_error(tmp_path: Path, site: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = analyze(tmp_path / "empty", "--config", site, "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    assert "no picture or video" in result.stderr
    assert not (tmp_path / "r.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing_half_written(
    tmp_path: Path, nailfold: np.ndarray, site: Path, number: signal.Signals
) -> None:
    folder, overlays = tmp_path / "many", tmp_path / "overlays"
    folder.mkdir()
    Image.fromarray(nailfold).save(folder / "0.png")
    for index in range(1, 400):
        os.link(folder / "0.png", folder / f"{index}.png")
    # Hard links are one inode but different names: each is a file of its own.
    command = [
        *COMMAND,
        str(folder),
        "--config",
        str(site),
        "--json",
        str(tmp_path / "r.json"),
        "--overlay",
        str(overlays),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(overlays.glob("*.overlay.png")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip() == "nailfold: interrupted: no result was written"
    assert not (tmp_path / "r.json").exists()
    assert [path.name for path in overlays.iterdir() if not path.name.endswith(".overlay.png")] == []
    for path in overlays.iterdir():
        with Image.open(path) as overlay:
            overlay.load()
