import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from appliance.capture.camera_formats import UndecodableFrameError, decode


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    return bytes(simplejpeg.encode_jpeg(picture, quality=95, colorspace="RGB"))


def raw(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(1, -1)


def without_huffman_tables(data: bytes) -> bytes:
    """As UVC cameras send it: the tables of the standard are understood."""
    kept, position = data[:2], 2
    while True:
        marker, length = data[position : position + 2], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker != b"\xff\xc4":
            kept += data[position : position + 2 + length]
        position += 2 + length
        if marker == b"\xff\xda":
            return kept + data[position:]


def test_mjpg_becomes_rgb(picture: NDArray[np.uint8]) -> None:
    assert np.abs(decode(raw(jpeg(picture)), "MJPG", 64, 48).astype(int) - picture).max() < 12


def test_mjpg_without_huffman_tables_is_understood(picture: NDArray[np.uint8]) -> None:
    bare = without_huffman_tables(jpeg(picture))
    assert len(bare) < len(jpeg(picture)) - 400
    assert (decode(raw(bare), "MJPG", 64, 48) == decode(raw(jpeg(picture)), "MJPG", 64, 48)).all()


def test_padding_before_the_end_marker_is_harmless(picture: NDArray[np.uint8]) -> None:
    data = jpeg(picture)
    padded = data[:-2] + b"\0" * 4 + data[-2:]
    assert (decode(raw(padded), "MJPG", 64, 48) == decode(raw(data), "MJPG", 64, 48)).all()


@pytest.mark.parametrize("keep", [0, 1, 100, 700])
def test_a_truncated_jpeg_is_left_out_rather_than_filled_with_grey(picture: NDArray[np.uint8], keep: int) -> None:
    with pytest.raises(UndecodableFrameError):
        decode(raw(jpeg(picture)[:keep]), "MJPG", 64, 48)


def test_a_jpeg_of_another_size_is_left_out(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(UndecodableFrameError, match="64x48, not 640x480"):
        decode(raw(jpeg(picture)), "MJPG", 640, 480)


def test_yuyv_becomes_rgb() -> None:
    # Y, U, Y, V of two pixels: pure red in BT.601 studio range is Y 81, U 90, V 240.
    packed = np.tile(np.array([81, 90, 81, 240], np.uint8), 4 * 8 // 2).reshape(1, -1)
    assert decode(packed, "YUYV", 8, 4)[0, 0].tolist() == pytest.approx([255, 0, 0], abs=3)


def test_a_short_yuyv_frame_is_left_out() -> None:
    with pytest.raises(UndecodableFrameError, match="63 of 64 bytes"):
        decode(np.zeros((1, 63), np.uint8), "YUYV", 8, 4)
