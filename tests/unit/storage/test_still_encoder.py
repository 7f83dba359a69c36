"""A still says what it shows."""

import io
from dataclasses import replace
from datetime import datetime, timezone

import cv2
import numpy as np
import pytest
from PIL import Image

from appliance.domain.calibration import ScaleOrigin
from appliance.domain.errors import StoreError
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.domain.still import StillMetadata
from appliance.storage.still_encoder import decode_still, encode_still

METADATA = StillMetadata(
    image_id="i-1",
    exam_id="e-1",
    placement=Placement(Hand.RIGHT, Finger.LITTLE, Sector.UNKNOWN),
    captured_at_utc=datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=timezone.utc),
    um_per_px=1.41,
    calibration_id="dinolite-220x",
    scale_origin=ScaleOrigin.STAGE_MICROMETER,
    magnification="220x",
    camera_name="Dino-Lite Ωµ",
    camera_id="a168:0990:X1",
    pixel_format="MJPG",
    software_version="0.1.0",
    runtime="onnxruntime-cpu",
    engines={"detector": "sha256:aa", "keypoints": "sha256:bb"},
)
PIXELS = np.random.default_rng(7).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "metadata",
    [METADATA, replace(METADATA, um_per_px=None, calibration_id=None, scale_origin=None, magnification=None)],
)
def test_pixels_and_metadata_come_back_exactly(metadata: StillMetadata) -> None:
    pixels, decoded = decode_still(encode_still(PIXELS, metadata))
    assert np.array_equal(pixels, PIXELS)
    assert decoded == metadata


def test_another_program_reads_the_same_colours() -> None:
    decoded = cv2.imdecode(np.frombuffer(encode_still(PIXELS, METADATA), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decoded[:, :, ::-1], PIXELS)


def test_scale_is_also_in_the_standard_chunk_in_pixels_per_metre() -> None:
    png = encode_still(PIXELS, METADATA)
    at = png.index(b"pHYs") + 4
    assert (
        int.from_bytes(png[at : at + 4], "big") == int.from_bytes(png[at + 4 : at + 8], "big") == 709_220
    )  # 1e6 / 1.41
    assert png[at + 8] == 1  # the unit is the metre


def test_still_without_a_scale_claims_none() -> None:
    png = encode_still(PIXELS, replace(METADATA, um_per_px=None, calibration_id=None, scale_origin=None))
    assert b"pHYs" not in png
    with Image.open(io.BytesIO(png)) as image:
        assert "nailfold:um_per_px" not in image.info


@pytest.mark.parametrize("damage", [b"", b"no png", "plain"])
def test_foreign_or_damaged_files_are_refused(damage: bytes | str) -> None:
    if isinstance(damage, str):
        buffer = io.BytesIO()
        Image.fromarray(PIXELS).save(buffer, "PNG")
        damage = buffer.getvalue()
    with pytest.raises(StoreError, match="could not read the still"):
        decode_still(damage)
