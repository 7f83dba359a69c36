"""The vessel layer: the shipped network on a rendered still, in one view and in tiles, and what vouches for it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.manifest import read_layers
from appliance.inference.vessel_layer import VesselLayer, vessel_finder
from engines.synthetic.column import STRIDE, SURE_DENSITY, UNIT, UNKNOWN, column_map
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render_scene

SHIPPED = Path(__file__).parents[3] / "engines" / "weights"
SEED = 520_123


@pytest.fixture(scope="module")
def layer() -> VesselLayer:
    return VesselLayer(read_layers(SHIPPED))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped layer."""
    for name in ("layers.json", "vessels.onnx"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


def test_it_lights_columns_and_little_else(layer: VesselLayer) -> None:
    rendered, scene, hidden = render_scene(SEED, pattern=Pattern.HEALTHY, difficulty=0.3)
    columns = column_map(scene, hidden)
    chance = layer.find(rendered.image_rgb)[::STRIDE, ::STRIDE]
    assert chance.shape == columns.shape
    assert 0 <= chance.min() <= chance.max() <= 1
    is_vessel = (columns != UNKNOWN) & (columns * UNIT >= SURE_DENSITY)
    assert (chance[is_vessel] >= 0.5).mean() > 0.7
    assert (chance[columns == 0] >= 0.5).mean() < 0.08


def test_a_large_still_is_looked_at_in_tiles_that_leave_no_seams(layer: VesselLayer) -> None:
    rendered, _, _ = render_scene(SEED, pattern=Pattern.HEALTHY, difficulty=0.3)
    large = np.asarray(cv2.resize(rendered.image_rgb, (1600, 1200), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    whole = layer.find(rendered.image_rgb)
    tiled = layer.find(large, um_per_px=1.3)
    assert tiled.shape == (1200, 1600)
    again = cv2.resize(tiled, (640, 480), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(again.ravel(), whole.ravel())[0, 1] > 0.6
    steps = np.abs(np.diff(tiled, axis=1)).mean(axis=0)
    assert steps.max() < 20 * np.median(steps) + 0.01
    # Loops of known width say the same as the scale does.
    assert np.abs(layer.find(large, None, [36.0] * 8) - tiled).max() < 1e-6


def test_a_folder_without_layers_has_none(weights: Callable[..., Path]) -> None:
    plain = weights([(10, 20, 30, 60)], [(0.9, 0, 0, 0, 0)], [(1, 0, 0)])
    assert vessel_finder(plain) is None


def test_another_network_is_refused(folder: Path) -> None:
    find = vessel_finder(folder)
    assert find is not None
    with (folder / "vessels.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InferenceError, match="the manifest vouches for") as refusal:
        find(np.zeros((480, 640, 3), np.uint8), None, ())
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "nailfold.layers/2"}, "does not list layers"),
        ({"layers": {"bones": {}}}, "does not list layers"),
        ({"layers": []}, "does not list layers"),
        ({"layers": {"vessels": {"file": "vessels.onnx"}}}, "layers.vessels: missing input, outputs, sha256"),
    ],
)
def test_what_the_list_may_not_say_is_named(folder: Path, change: dict[str, object], message: str) -> None:
    path = folder / "layers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InferenceError) as refusal:
        vessel_finder(folder)
    assert message in refusal.value.message


def test_black_around_the_picture_is_no_vessel(layer: VesselLayer) -> None:
    rendered, _, _ = render_scene(SEED, pattern=Pattern.HEALTHY, difficulty=0.3)
    framed = rendered.image_rgb.copy()
    y, x = np.mgrid[:480, :640]
    is_outside = np.hypot(x - 320, y - 240) > 260
    framed[is_outside] = np.random.default_rng(1).integers(0, 30, (int(is_outside.sum()), 3))
    chance = layer.find(framed)
    assert chance[is_outside].max() == 0
    is_inside = np.hypot(x - 320, y - 240) < 200
    assert np.corrcoef(chance[is_inside], layer.find(rendered.image_rgb)[is_inside])[0, 1] > 0.9


def test_vessels_reach_the_edges_of_a_picture_that_has_no_border(layer: VesselLayer) -> None:
    rendered, scene, hidden = render_scene(SEED, pattern=Pattern.HEALTHY, difficulty=0.3)
    columns = column_map(scene, hidden)
    chance = layer.find(rendered.image_rgb)[::STRIDE, ::STRIDE]
    is_vessel = (columns != UNKNOWN) & (columns * UNIT >= SURE_DENSITY)
    is_edge = np.ones_like(is_vessel)
    is_edge[4:-4, 4:-4] = False
    assert (is_vessel & is_edge).sum() > 50
    assert (chance[is_vessel & is_edge] >= 0.5).mean() > 0.5
    assert chance[0].max() > 0
    assert chance[-1].max() > 0
