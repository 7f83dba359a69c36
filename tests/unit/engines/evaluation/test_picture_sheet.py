"""The model card's sheet holds best and worst, and the photo where it is given."""

from pathlib import Path

import cv2
import numpy as np

from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from engines.evaluation.picture_sheet import COLUMNS, FOUND, MISSED, TILE, make_sheet
from engines.evaluation.real import WEIGHTS


def test_sheet_shows_what_was_found_and_what_was_missed(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.full((300, 400, 3), 180, dtype=np.uint8))
    engines = load_engine_set(InferenceSettings(weights_dir=WEIGHTS, threads=1), "test")
    sheet = make_sheet(engines, photo, look_at=10)
    width, rows = COLUMNS * (TILE[0] + 4), 2 * (TILE[1] + 4)
    assert sheet.shape[1] == width
    assert sheet.shape[0] > rows + 0.7 * width
    best, worst = sheet[: rows // 2].astype(int), sheet[rows // 2 : rows].astype(int)
    assert (np.abs(best - FOUND).max(axis=2) < 30).mean() > 0.005
    assert (np.abs(worst - MISSED).max(axis=2) < 40).any()
