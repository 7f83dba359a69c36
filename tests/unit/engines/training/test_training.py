"""Assignment and losses on hand-worked cases; both trainings end to end for a few steps. Needs the train extra."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from appliance.inference.manifest import read_manifest
from engines.training import detector, keypoints
from engines.training.assignment import BatchTargets, assign, paired_iou
from engines.training.calibration import ScoreCalibration, fit_logistic
from engines.training.detector_loss import complete_iou, detector_loss
from engines.training.detector_net import DetectorForExport, DetectorNet, DetectorOutput
from engines.training.fit import FitSettings, learning_rate
from engines.training.keypoint_loss import KeypointBatch, keypoint_loss
from engines.training.keypoint_net import KeypointNet, KeypointOutput, arrange
from engines.training.ship import ship

# Four cells in a row, 8 px apart.
CENTRES = torch.tensor([[4.0, 4.0], [12.0, 4.0], [20.0, 4.0], [28.0, 4.0]])


def targets(boxes: list[list[float]], kind: list[int], is_ignored: list[bool]) -> BatchTargets:
    ignored = torch.tensor([is_ignored])
    zeros = torch.zeros((1, len(kind)), dtype=torch.int64)
    return BatchTargets(torch.tensor([boxes]), torch.tensor([kind]), zeros, zeros, ~ignored, ignored)


def test_a_cell_serves_the_box_it_contains_and_overlaps() -> None:
    truth = targets([[0.0, 0.0, 16.0, 8.0]], [0], [False])
    boxes = torch.tensor([[[0.0, 0.0, 16.0, 8.0], [8.0, 0.0, 16.0, 8.0], [16.0, 0.0, 24.0, 8.0], [24.0, 0, 32, 8]]])
    answer = assign(boxes, torch.full((1, 4, 2), 0.5), CENTRES, truth)
    assert answer.is_positive.tolist() == [[True, True, False, False]]
    # The best cell is asked for its own IoU (1); the other, at IoU 0.5, for 0.5 ** 6.
    assert answer.quality[0].tolist() == pytest.approx([1.0, 1 / 64, 0.0, 0.0], abs=1e-4)


def test_a_cell_wanted_by_two_goes_to_the_larger_overlap() -> None:
    truth = targets([[0.0, 0.0, 16.0, 8.0], [0.0, 0.0, 24.0, 8.0]], [0, 0], [False, False])
    boxes = torch.tensor([[0.0, 0.0, 24.0, 8.0]]).expand(4, 4)[None]
    answer = assign(boxes, torch.full((1, 4, 2), 0.5), CENTRES, truth)
    assert answer.box_index[0, :3].tolist() == [1, 1, 1]


def test_ignored_loop_is_neither_positive_nor_negative() -> None:
    truth = targets([[0.0, 0.0, 16.0, 8.0]], [0], [True])
    answer = assign(torch.zeros(1, 4, 4), torch.full((1, 4, 2), 0.5), CENTRES, truth)
    assert not answer.is_positive.any()
    # It is no excuse for a haemorrhage claimed there.
    assert answer.counts[0].tolist() == [[0, 1], [0, 1], [1, 1], [1, 1]]


def test_box_thinner_than_the_grid_still_finds_a_cell() -> None:
    truth = targets([[7.0, 0.0, 9.0, 8.0]], [0], [False])
    answer = assign(torch.tensor([[[7.0, 0, 9, 8]]]).expand(1, 4, 4), torch.full((1, 4, 2), 0.5), CENTRES, truth)
    assert answer.is_positive.tolist() == [[True, True, False, False]]


def test_padding_is_never_assigned() -> None:
    truth = targets([[0.0, 0.0, 32.0, 8.0]], [0], [False])
    padded = BatchTargets(**(vars(truth) | {"is_target": torch.tensor([[False]])}))
    assert not assign(torch.zeros(1, 4, 4), torch.full((1, 4, 2), 0.5), CENTRES, padded).is_positive.any()


def test_iou_and_complete_iou_by_hand() -> None:
    a, b = torch.tensor([[0.0, 0.0, 10.0, 10.0]]), torch.tensor([[5.0, 0.0, 15.0, 10.0]])
    assert float(paired_iou(a, b)) == pytest.approx(1 / 3, abs=1e-5)
    # Centres 5 apart, hull 15 x 10: 1/3 - 25 / 325; same aspect.
    assert float(complete_iou(a, b)) == pytest.approx(1 / 3 - 25 / 325, abs=1e-5)
    assert float(complete_iou(a, a)) == pytest.approx(1.0, abs=1e-5)


def test_perfect_answer_costs_next_to_nothing_and_a_wrong_one_more() -> None:
    box = [0.0, 0.0, 16.0, 8.0]
    truth = targets([box], [0], [False])
    boxes = torch.tensor([[box] * 2 + [[200.0, 0, 210, 8]] * 2])
    sure = torch.tensor([[[9.0, -9.0]] * 2 + [[-9.0, -9.0]] * 2])
    shape, size = torch.tensor([9.0, 0, 0, 0]).expand(1, 4, 4), torch.tensor([9.0, 0, 0]).expand(1, 4, 3)
    right = DetectorOutput(boxes, sure, shape, size, CENTRES, torch.full((4,), 8.0))
    assert float(detector_loss(right, truth)[0]) < 0.01
    for wrong in (
        right._replace(found=-sure),
        right._replace(boxes=boxes + 3),
        right._replace(morphology=-shape),
        right._replace(size=-size),
    ):
        assert float(detector_loss(wrong, truth)[0]) > 0.1


def test_batch_without_any_target_has_a_finite_loss() -> None:
    net = DetectorNet()
    empty = BatchTargets(
        torch.zeros(1, 1, 4),
        *(torch.zeros(1, 1, dtype=torch.int64) for _ in range(3)),
        *(torch.zeros(1, 1).bool(),) * 2,
    )
    loss, _ = detector_loss(net(torch.zeros(1, 64, 64, 3, dtype=torch.uint8)), empty)
    loss.backward()
    assert torch.isfinite(loss)


def test_likeliest_shape_carries_the_whole_capillary_score() -> None:
    net = DetectorNet().eval()
    image = torch.randint(0, 255, (1, 64, 64, 3), dtype=torch.uint8)
    out = net(image)
    _, classes, sizes = DetectorForExport(net, ScoreCalibration())(image)
    assert classes.shape == (1, 8 * 8 + 4 * 4 + 2 * 2, 5)
    torch.testing.assert_close(classes[..., :4].amax(dim=-1), out.found[..., 0].sigmoid())
    assert torch.equal(classes[..., :4].argmax(dim=-1), out.morphology.argmax(dim=-1))
    torch.testing.assert_close(classes[..., 4], out.found[..., 1].sigmoid())
    torch.testing.assert_close(sizes.sum(dim=-1), torch.ones_like(sizes[..., 0]))


def test_calibrated_score_is_the_chance_of_being_right() -> None:
    rng = np.random.default_rng(3)
    logit = rng.normal(0, 2, 20_000)
    is_right = (rng.random(20_000) < 1 / (1 + np.exp(-(1.5 * logit + 0.7)))).astype(float)
    assert fit_logistic(logit, is_right) == pytest.approx((1.5, 0.7), abs=0.1)


def test_calibration_never_turns_the_order_of_scores_around() -> None:
    logit = np.linspace(-2, 2, 100)
    assert fit_logistic(logit, (logit < 0).astype(float)) == (1.0, 0.0)
    assert fit_logistic(logit[:5], np.ones(5)) == (1.0, 0.0)


def test_cells_lie_at_the_centres_of_their_squares() -> None:
    out = DetectorNet()(torch.zeros(1, 64, 96, 3, dtype=torch.uint8))
    assert out.centres[0].tolist() == [4.0, 4.0]
    assert out.centres[8 * 12 - 1].tolist() == [92.0, 60.0]
    assert out.centres[-1].tolist() == [80.0, 48.0]
    assert out.strides.unique().tolist() == [8.0, 16.0, 32.0]


def test_limbs_are_named_by_the_arterial_answer() -> None:
    points = torch.arange(12.0).reshape(1, 6, 2).expand(2, 6, 2)
    visible = torch.tensor([[9.0, 9.0, -9.0]]).expand(2, 3)
    out = KeypointOutput(points, torch.zeros(2, 6, 1), visible, torch.tensor([5.0, -5.0]))
    arranged, confidence = arrange(out)
    assert arranged[0].tolist() == points[0].tolist()
    assert arranged[1].tolist() == points[0][[0, 1, 4, 5, 2, 3]].tolist()
    assert (confidence > 0.5).tolist() == [[True, True, False], [True, False, True]]


def test_keypoints_that_cannot_be_seen_teach_nothing_but_confidence() -> None:
    net = KeypointNet().eval()
    crops = torch.randint(0, 255, (2, 96, 96, 3), dtype=torch.uint8)
    batch = KeypointBatch(crops, torch.full((2, 6, 2), 40.0), torch.zeros(2, 3), torch.full((2,), -1.0))
    _, parts = keypoint_loss(net(crops), batch, net.cells)
    assert (parts["point"], parts["width"], parts["heat"], parts["side"]) == (0, 0, 0, 0)
    assert parts["visible"] > 0


def test_learning_rate_rises_then_falls_to_zero() -> None:
    assert learning_rate(0.0) < 0.01
    assert learning_rate(0.02) == pytest.approx(1.0)
    assert learning_rate(0.51) == pytest.approx(0.5)
    assert learning_rate(1.0) == pytest.approx(0.0, abs=1e-6)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both networks trained for a moment on three images."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for module, role in ((detector, "detector"), (keypoints, "keypoints")):
        settings = FitSettings(folder / role, minutes=0.005, log_every=1)
        few = {"calibration_images": 2} if role == "detector" else {}
        made[role] = module.train(settings, [folder / "cache"], 3, 5, batch=2, workers=0, **few)
    return made


def test_trained_networks_ship_with_a_manifest_the_device_accepts(runs: dict[str, Path], tmp_path: Path) -> None:
    for role, path in runs.items():
        ship(role, path.parent, tmp_path, {"a_figure": 0.5})
    manifest = read_manifest(tmp_path)
    image = np.random.default_rng(1).integers(0, 256, (1, 480, 640, 3), dtype=np.uint8)
    boxes, classes, sizes = _run(manifest.engine("detector").read_verified(), {"image": image})
    cells = 80 * 60 + 40 * 30 + 20 * 15
    assert (boxes.shape, classes.shape, sizes.shape) == ((1, cells, 4), (1, cells, 5), (1, cells, 3))
    assert manifest.engine("detector").classes == ("normal", "tortuous", "ramified", "giant", "haemorrhage")
    assert manifest.engine("detector").training["images"] == 3
    for count in (1, 5):
        crops = np.zeros((count, 96, 96, 3), dtype=np.uint8)
        points, confidence = _run(manifest.engine("keypoints").read_verified(), {"crops": crops})
        assert (points.shape, confidence.shape) == ((count, 6, 2), (count, 3))


def test_bytes_become_numbers_before_anything_else_happens(runs: dict[str, Path]) -> None:
    # TensorRT accepts uint8 as an input and refuses every operator on it but this.
    for path in runs.values():
        graph = onnx.load(str(path)).graph
        users = [node.op_type for node in graph.node if graph.input[0].name in node.input]
        assert users == ["Cast"]


def test_resumed_run_goes_on_where_it_stopped(runs: dict[str, Path]) -> None:
    out = runs["keypoints"].parent
    steps = json.loads((out / "run.json").read_text())["steps"]
    keypoints.train(
        FitSettings(out, minutes=0.01, log_every=1, is_resumed=True), [out.parent / "cache"], 3, 5, batch=2, workers=0
    )
    logged = [json.loads(line)["step"] for line in (out / "log.jsonl").read_text().splitlines()]
    assert logged == list(range(1, len(logged) + 1))
    assert len(logged) > steps


def _run(model: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(None, inputs))
