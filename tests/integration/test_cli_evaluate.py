"""`nailfold evaluate` with the shipped networks on rendered pictures: figures, plots, and every way to be refused."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from appliance.apps.cli import main

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    arguments = ["dataset", "render", "--out", str(out), "--count", "5", "--seed", "1", "--difficulty", "0.3"]
    result = CliRunner().invoke(main, [*arguments, "--pattern", "healthy"])
    assert (result.exit_code, result.output) == (0, "")
    return out


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.touch()
    return path


@pytest.fixture
def changed(tmp_path: Path, dataset: Path) -> Callable[[Change], Path]:
    """A copy of the labels with something changed."""

    def change(how: Change) -> Path:
        document = json.loads((dataset / "annotations.json").read_text())
        how(document)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(document))
        return path

    return change


def evaluate(labels: Path, pictures: Path, *more: object) -> Result:
    arguments = ["--coco", labels, "--images", pictures, "--bootstrap", "100", *more]
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_every_figure_is_told_written_and_drawn(tmp_path: Path, dataset: Path, site: Path) -> None:
    out, figures = tmp_path / "plots", tmp_path / "figures.json"
    labels = dataset / "annotations.json"
    result = evaluate(labels, dataset / "images", "--out", out, "--json", figures, "--config", site)
    assert (result.exit_code, result.stderr) == (0, "")
    for words in ("AP 0.50:0.95", "precision", "Bland-Altman", "agreement", "95th pct.", "per mm", " um"):
        assert words in result.stdout
    found = json.loads(figures.read_text())
    document = json.loads(labels.read_text())
    targets = [a for a in document["annotations"] if not a.get("ignore")]
    assert found["schema"] == "nailfold.evaluation/1"
    assert found["data"]["images"] == len(found["images"]) == 5
    assert found["data"]["labels"] == len(targets)
    assert found["data"]["labels_ignored"] == len(document["annotations"]) - len(targets)
    assert found["software"]["engines"]["detector"].startswith("sha256:")
    capillary = found["detection"]["capillary"]
    assert capillary["recall"]["value"] > 0.6, "the shipped networks find most loops of a clean rendered nailfold"
    assert capillary["recall"]["low"] <= capillary["recall"]["value"] <= capillary["recall"]["high"]
    assert found["average_precision"]["capillary"]["ap50"]["value"] > 0.6
    assert 0 < found["widths"]["apical"]["errors_um"]["mean_error"]["value"] < 10
    assert found["density"]["labelled"] == 5
    assert sorted(path.name for path in out.iterdir()) == [
        "confusion.png",
        "density_bland_altman.png",
        "precision_recall.png",
        "widths.png",
    ]
    for path in out.iterdir():
        with Image.open(path) as plot:
            assert min(plot.size) >= 480
            colours = plot.convert("RGB").getcolors(1_000_000)
            assert colours is not None
            assert len(colours) > 50, "an empty picture has one"


def test_same_pictures_same_figures(tmp_path: Path, dataset: Path, site: Path) -> None:
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        evaluate(dataset / "annotations.json", dataset / "images", "--json", path, "--config", site)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_labels_that_are_not_exhaustive_give_no_precision(
    tmp_path: Path, dataset: Path, changed: Callable[[Change], Path], site: Path
) -> None:
    few = changed(lambda document: document.update(annotations=document["annotations"][::3]))
    figures = tmp_path / "figures.json"
    result = evaluate(few, dataset / "images", "--recall-only", "--json", figures, "--config", site)
    assert result.exit_code == 0, result.output
    assert "no precision" in result.stdout
    found = json.loads(figures.read_text())
    assert found["detection"]["capillary"]["precision"] is None
    assert "ap" not in found["average_precision"]["capillary"]
    assert found["detection"]["capillary"]["recall"]["value"] > 0.5


def test_the_scale_of_the_command_line_serves_pictures_without_one(
    tmp_path: Path, dataset: Path, changed: Callable[[Change], Path], site: Path
) -> None:
    bare = changed(lambda document: [image.pop("um_per_px") for image in document["images"]])
    figures = tmp_path / "figures.json"
    evaluate(bare, dataset / "images", "--json", figures, "--config", site)
    without = json.loads(figures.read_text())
    assert without["density"]["refused"] == {"no_calibration": 5}
    assert without["widths"]["apical"]["measured_um"] == 0
    evaluate(bare, dataset / "images", "--json", figures, "--config", site, "--um-per-px", "2")
    scaled = json.loads(figures.read_text())["widths"]["apical"]
    px, um = scaled["errors_px"]["mean_error"]["value"], scaled["errors_um"]["mean_error"]["value"]
    assert um == pytest.approx(2 * px, abs=2e-4)


def test_a_category_that_nobody_knows_can_be_explained(
    dataset: Path, changed: Callable[[Change], Path], site: Path
) -> None:
    odd = changed(lambda document: document["categories"][0].update(name="type A"))
    refused = evaluate(odd, dataset / "images", "--config", site)
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert 'unknown category: "type A"' in refused.stderr
    assert evaluate(odd, dataset / "images", "--config", site, "--map", "type A=normal").exit_code == 0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda d: d["images"][2].update(file_name="lost.png"), "1 of 5 pictures are missing, the first"),
        (lambda d: d["images"][2].update(width=700), "labels were drawn on 700x480"),
        (lambda d: d.update(images=[], annotations=[]), "has no images"),
        (lambda d: d.update(annotations=[]), "has no annotations"),
        (lambda d: d["annotations"][4].update(bbox=[0, 0, 0, 5]), "annotations[4]: box of 0x5 px has no area"),
    ],
)
def test_what_does_not_fit_is_one_line(
    dataset: Path, changed: Callable[[Change], Path], site: Path, tmp_path: Path, how: Change, words: str
) -> None:
    result = evaluate(changed(how), dataset / "images", "--config", site, "--json", tmp_path / "f.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr
    assert not (tmp_path / "f.json").exists()


def test_a_damaged_picture_is_one_line(dataset: Path, site: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "images"
    shutil.copytree(dataset / "images", pictures)
    victim = min(pictures.iterdir())
    victim.write_bytes(victim.read_bytes()[:4000])
    result = evaluate(dataset / "annotations.json", pictures, "--config", site)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert victim.name in result.stderr


@pytest.mark.parametrize("name", ["pycocotools", "matplotlib"])
def test_without_its_libraries_the_command_says_how_to_get_them(
    dataset: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    result = evaluate(dataset / "annotations.json", dataset / "images", "--config", site, "--out", tmp_path / "plots")
    assert result.exit_code == 1
    assert name in result.stderr
    assert "[evaluate]" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_results_that_could_not_be_written_are_refused_before_the_work(dataset: Path, site: Path) -> None:
    result = evaluate(dataset / "annotations.json", dataset / "images", "--config", site, "--json", "nowhere/f.json")
    assert result.exit_code == 1
    assert "no such folder" in result.stderr
