"""The vessel head: its masks, its loss, the trunk it must not change, and the file. Needs the train extra."""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs the train extra")

import torch

from appliance.domain.errors import SettingsError
from appliance.inference.manifest import read_layers
from engines.datasets.retinas import HELD_OUT, read_retinas
from engines.synthetic.column import UNIT, UNKNOWN
from engines.training.cache import render_cache
from engines.training.column_cache import draw_columns, open_columns
from engines.training.export import export_vessels
from engines.training.exported import rebuild_detector
from engines.training.fit import Fit, FitSettings
from engines.training.growing_cache import GrowingCache
from engines.training.retina_samples import draw_retina
from engines.training.ship import ship
from engines.training.vessel_loss import vessel_loss
from engines.training.vessel_masks import mask_of
from engines.training.vessel_net import FrozenTrunk, VesselHead, VesselsForExport
from engines.training.vessels import WithColumns, collate, draw_masked, loss_over

WEIGHTS = Path(__file__).parents[4] / "engines" / "weights"
STILL = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
CLEAN = np.zeros((288, 384), np.float32)


def column(density: float, rows: slice, columns: slice) -> NDArray[np.uint8]:
    """Columns of an image of 640x480 with one block of that density; places in pixels of the image."""
    made = np.zeros((240, 320), np.uint8)
    places = slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
    made[places] = round(density / UNIT)
    return made


def test_a_mask_lies_where_the_crop_shows_the_column() -> None:
    columns = column(0.1, slice(40, 80), slice(100, 120))
    assert np.argwhere(mask_of(columns, STILL, 1.0, CLEAN) == 4).tolist() == [
        [row, place] for row in range(10, 20) for place in range(25, 30)
    ]
    # Twice as large and moved: pixel x of the image lies at 2 x + 0.5 - 60 of the crop.
    enlarged = np.array([[2.0, 0.0, 0.5 - 160], [0.0, 2.0, 0.5 - 40]])
    seen = mask_of(columns, enlarged, 1.0, CLEAN) == 4
    assert (np.argwhere(seen).min(axis=0).tolist(), np.argwhere(seen).max(axis=0).tolist()) == ([10, 10], [29, 19])
    assert seen.sum() == 20 * 10


def test_what_is_too_pale_or_covered_teaches_nothing() -> None:
    columns = column(0.1, slice(40, 80), slice(100, 120))
    block = (slice(10, 20), slice(25, 30))
    assert (mask_of(columns, STILL, 0.08, CLEAN)[block] == UNKNOWN).all(), "0.008 is below what 8 bits show"
    assert (mask_of(columns, STILL, 0.5, CLEAN)[block] == 4).all()
    hidden = CLEAN.copy()
    hidden[:, :104] = 1.0
    mask = mask_of(columns, STILL, 1.0, hidden)
    assert (mask[10:20, 25] == UNKNOWN).all()
    assert (mask[10:20, 26:30] == 4).all()
    assert (mask[:, :25] == 0).all(), "dirt beside a vessel is no vessel"
    assert (mask_of(column(0.005, slice(40, 80), slice(100, 120)), STILL, 1.0, CLEAN) == 0).all()


def test_the_loss_leaves_out_what_teaches_nothing() -> None:
    mask = torch.tensor([[[4, 0], [UNKNOWN, UNKNOWN]]], dtype=torch.uint8)
    right = torch.tensor([[[9.0, -9.0], [9.0, -9.0]]])
    changed = torch.tensor([[[9.0, -9.0], [-9.0, 9.0]]])
    loss, parts = vessel_loss(right, mask)
    assert float(loss) == pytest.approx(float(vessel_loss(changed, mask)[0]))
    assert float(loss) < 0.01
    assert parts["dice"] > 0.99
    assert float(vessel_loss(-right, mask)[0]) > 5


def test_a_batch_teaches_the_head_and_leaves_the_trunk_byte_for_byte(tmp_path: Path) -> None:
    cache = render_cache(tmp_path / "cache", 2, 3, workers=1)
    assert draw_columns(cache, tmp_path / "columns", 1, unusual=0.0) == 1
    assert draw_columns(cache, tmp_path / "columns", 2, unusual=0.0) == 2, "an interrupted drawing goes on"
    drawn = open_columns(tmp_path / "columns")
    pictures = WithColumns(GrowingCache([tmp_path / "cache"]), drawn)
    rng = np.random.default_rng(1)
    batch = collate([draw_masked(pictures, drawn, [], rng) for _ in range(2)])
    assert batch[1].shape == (2, 72, 96)
    detector, _ = rebuild_detector(WEIGHTS / "detector.onnx")
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    head = VesselHead()
    fit = Fit(head, FitSettings(tmp_path / "run", minutes=0.02))
    losses = []
    loss_of = loss_over(FrozenTrunk(detector), head, torch.device("cpu"))

    def told(one: tuple[torch.Tensor, torch.Tensor]) -> object:
        loss, parts = loss_of(one)
        losses.append(float(loss.detach()))
        return loss, parts

    fit.run(iter([batch] * 6), told)
    assert losses[-1] < losses[0]
    assert all(torch.equal(value, before[name]) for name, value in detector.state_dict().items())


def test_columns_of_other_pictures_are_refused(tmp_path: Path) -> None:
    cache = render_cache(tmp_path / "cache", 1, 3, workers=1)
    with pytest.raises(SettingsError, match="comes out otherwise"):
        draw_columns(cache, tmp_path / "columns", 1, unusual=1.0)
    with pytest.raises(SettingsError, match="no picture of these caches has columns"):
        WithColumns(cache, open_columns(tmp_path / "columns"))


def test_what_ships_answers_as_the_head_does(tmp_path: Path) -> None:
    detector, _ = rebuild_detector(WEIGHTS / "detector.onnx")
    head = VesselHead().eval()
    run = tmp_path / "run"
    export_vessels(detector, head, run / "vessels.onnx")
    (run / "run.json").write_text("{}")
    ship("vessels", run, tmp_path / "weights", {"dice": 0.5})
    entry = read_layers(tmp_path / "weights").engine("vessels")
    assert [str(spec) for spec in entry.outputs] == ["vessels float32 [1, 120, 160]"]
    image = np.random.default_rng(0).integers(0, 256, (1, 480, 640, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(entry.read_verified(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        ours = VesselsForExport(detector, head)(torch.from_numpy(image)).numpy()
    assert np.abs(session.run(None, {"image": image})[0] - ours).max() < 1e-3


@pytest.fixture
def retinas(tmp_path: Path) -> Path:
    """A folder laid out as CHASE_DB1: a dark band that both observers drew, and one that the first alone did."""
    for part in ("images", "manual"):
        (tmp_path / part).mkdir()
    image = np.zeros((480, 500, 3), np.uint8)
    cv2.circle(image, (250, 240), 230, (60, 120, 180), -1)
    image[220:232, 60:440, 1] = 80
    for name in ("Image_01L", HELD_OUT[0]):
        cv2.imwrite(str(tmp_path / "images" / f"{name}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 98])
        for observer in ("1stHO", "2ndHO"):
            drawn = np.zeros((480, 500), np.uint8)
            drawn[220:232, 60:440] = 255
            drawn[300:306, 100:400] = 255 if observer == "1stHO" else 0
            cv2.imwrite(str(tmp_path / "manual" / f"{name}_{observer}.png"), drawn)
    return tmp_path


def test_retinas_are_read_without_those_held_out(retinas: Path) -> None:
    (one,) = read_retinas(retinas)
    assert one.name == "Image_01L"
    assert (one.vessel[222:230, 100:400] == 1).all()
    assert (one.vessel[301:305, 120:380] == 2).all(), "observers differ"
    assert (one.vessel[:, :5] == 2).all(), "nothing is shown there"
    assert np.median(one.density[222:230, 200:300]) == pytest.approx(1.0, abs=0.2)
    assert np.abs(np.median(one.density[240:280, 200:300])) < 0.15
    assert [held.name for held in read_retinas(retinas, HELD_OUT[:1])] == [HELD_OUT[0]]
    with pytest.raises(SettingsError, match="Image_02R"):
        read_retinas(retinas, ["Image_02R"])


def test_a_retina_drawn_as_skin_is_darker_where_its_mask_is(retinas: Path) -> None:
    some = read_retinas(retinas)
    darker = []
    for seed in range(6):
        image, mask = draw_retina(some, np.random.default_rng(seed))
        assert (image.shape, mask.shape) == ((288, 384, 3), (72, 96))
        green = cv2.resize(image[:, :, 1], (96, 72), interpolation=cv2.INTER_AREA).astype(float)
        if (mask == 4).sum() > 20:
            near = cv2.dilate((mask == 4).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
            darker.append(green[near & (mask == 0)].mean() - green[mask == 4].mean())
    assert len(darker) >= 2
    assert np.median(darker) > 1
