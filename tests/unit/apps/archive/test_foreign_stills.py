"""Stills of others, read in a process that may take so much."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from appliance.apps.archive import foreign_stills
from appliance.apps.archive.foreign_stills import ForeignStills, read_foreign_still
from appliance.domain.errors import CaptureError


def photo(path: Path, width: int, height: int) -> Path:
    levels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(levels).save(path, "PNG", compress_level=0)
    return path


def test_a_picture_is_the_same_as_in_this_process(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.png", 640, 480)
    here, there = read_foreign_still(path), ForeignStills().read(path)
    np.testing.assert_array_equal(here.image_rgb, there.image_rgb)
    assert (here.guess, here.um_per_px, here.taken_at_utc) == (there.guess, there.um_per_px, there.taken_at_utc)


def test_a_refusal_keeps_its_words(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"<html>")
    with pytest.raises(CaptureError, match=r"a\.png: not a picture in a known format") as refusal:
        ForeignStills().read(tmp_path / "a.png")
    assert "Known are" in refusal.value.remedy


def test_what_takes_more_memory_than_its_header_says_is_that_files_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_stills, "MEMORY_BYTES", 30_000_000)
    stills = ForeignStills()
    with pytest.raises(CaptureError, match=r"large\.png"):
        stills.read(photo(tmp_path / "large.png", 4000, 3000))
    assert stills.read(photo(tmp_path / "small.png", 640, 480)).image_rgb.shape == (480, 640, 3)
