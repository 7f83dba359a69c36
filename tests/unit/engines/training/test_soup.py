"""Several trainings averaged into one detector."""

import json
from pathlib import Path

import onnx
import pytest

torch = pytest.importorskip("torch")

from engines.training.detector_net import DetectorNet  # noqa: E402
from engines.training.soup import cook, mean_weights  # noqa: E402


def test_weights_are_averaged_and_counters_kept() -> None:
    one = {"w": torch.tensor([1.0, 2.0]), "num_batches_tracked": torch.tensor(10)}
    two = {"w": torch.tensor([3.0, 6.0]), "num_batches_tracked": torch.tensor(30)}
    mean = mean_weights([one, two])
    assert mean["w"].tolist() == [2.0, 4.0]
    assert (mean["num_batches_tracked"].item(), mean["num_batches_tracked"].dtype) == (10, torch.int64)


def test_soup_of_two_trainings_is_a_detector_like_any_other(tmp_path: Path) -> None:
    folders = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        folder = tmp_path / f"run{seed}"
        folder.mkdir()
        state = {"average": DetectorNet().state_dict(), "step": 100 * seed, "elapsed_s": 60.0}
        torch.save(state, folder / "checkpoint.pt")
        folders.append(folder)
    path = cook(folders, tmp_path / "soup", calibration_images=1)
    graph = onnx.load(str(path)).graph
    assert [output.name for output in graph.output] == ["boxes", "class_scores", "size_scores"]
    run = json.loads((path.parent / "run.json").read_text())
    assert run["steps"] == 300
    assert [one["steps"] for one in run["averaged"]] == [100, 200]
    first, second, mean = (
        torch.load(folder / "checkpoint.pt", weights_only=True)["average"]["heads.0.1.bias"]
        for folder in (*folders, path.parent)
    )
    assert torch.allclose(mean, (first + second) / 2)
    again = cook([path.parent, folders[0]], tmp_path / "again", calibration_images=1)
    assert json.loads((again.parent / "run.json").read_text())["steps"] == 400
