from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from appliance.capture.hand_motion import HandMotion
from appliance.capture.moving_still import MovingStill
from appliance.capture.still_reader import read_still
from appliance.capture.stills import StillSource, reduced_still
from appliance.domain.errors import CaptureError, EndOfStream


def smooth_picture(width_px: int, height_px: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(1).integers(0, 255, (height_px, width_px, 3)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 6), np.uint8)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("width_px", "height_px"), [(640, 480), (1280, 960), (480, 1280)])
def test_motion_stays_inside_the_margin_in_every_corner(seed: int, width_px: int, height_px: int) -> None:
    motion = HandMotion(width_px, height_px, seed)
    margin = motion.margin_px
    corners = np.array(
        [[sx * (width_px / 2 - margin), sy * (height_px / 2 - margin)] for sx in (-1, 1) for sy in (-1, 1)]
    )
    for elapsed_s in np.linspace(0, 60, 400):
        pose = motion.pose(float(elapsed_s))
        cos, sin = pose.scale * np.cos(pose.rotation_rad), pose.scale * np.sin(pose.rotation_rad)
        moved = corners @ np.array([[cos, sin], [-sin, cos]]) + (pose.dx_px, pose.dy_px)
        assert np.abs(moved[:, 0]).max() < width_px / 2 - 1
        assert np.abs(moved[:, 1]).max() < height_px / 2 - 1


def test_motion_is_smooth_visible_and_small() -> None:
    motion = HandMotion(1024, 768, seed=3)
    path = np.array([(motion.pose(i / 30).dx_px, motion.pose(i / 30).dy_px) for i in range(900)])
    steps_px = np.hypot(*np.diff(path, axis=0).T)
    assert steps_px.max() < 1.5
    assert np.ptp(path, axis=0).min() > 2
    assert np.abs(path).max() < 6


def test_the_same_seed_gives_the_same_motion_and_another_gives_another() -> None:
    assert HandMotion(640, 480, 5).pose(1.25) == HandMotion(640, 480, 5).pose(1.25)
    assert HandMotion(640, 480, 5).pose(1.25) != HandMotion(640, 480, 6).pose(1.25)


def test_a_moving_still_shows_the_picture_where_its_pose_says() -> None:
    picture = smooth_picture(640, 480)
    still = MovingStill(picture, seed=2)
    motion = HandMotion(640, 480, 2)
    margin = motion.margin_px
    for elapsed_s in (0.0, 0.7, 3.1):
        pose = motion.pose(elapsed_s)
        # At the centre of the view turn and zoom do nothing: the shift alone decides what is seen there.
        x, y = (still.width_px - 1) / 2 + margin + pose.dx_px, (still.height_px - 1) / 2 + margin + pose.dy_px
        expected = cv2.getRectSubPix(picture, (5, 5), (x, y))
        view = cv2.getRectSubPix(still.frame(elapsed_s), (5, 5), ((still.width_px - 1) / 2, (still.height_px - 1) / 2))
        assert np.abs(view.astype(int) - expected.astype(int)).max() <= 4


def test_no_edge_ever_enters_the_view() -> None:
    bright_frame = np.full((480, 640, 3), 90, np.uint8)
    bright_frame[0], bright_frame[-1], bright_frame[:, 0], bright_frame[:, -1] = 255, 255, 255, 255
    still = MovingStill(bright_frame, seed=4)
    assert all((still.frame(t) == 90).all() for t in np.linspace(0, 20, 60))


def test_a_still_without_motion_is_the_whole_picture() -> None:
    picture = smooth_picture(320, 240)
    assert (MovingStill(picture, seed=None).frame(9.0) == picture).all()


def test_a_large_picture_is_reduced_and_a_small_one_left_alone(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "large.png"), smooth_picture(2000, 1500))
    cv2.imwrite(str(tmp_path / "small.png"), smooth_picture(320, 240))
    assert reduced_still(tmp_path / "large.png", 1280).shape == (960, 1280, 3)
    assert reduced_still(tmp_path / "small.png", 1280).shape == (240, 320, 3)


def test_colours_are_rgb(tmp_path: Path) -> None:
    red_bgr = np.zeros((32, 32, 3), np.uint8)
    red_bgr[..., 2] = 200
    cv2.imwrite(str(tmp_path / "red.png"), red_bgr)
    assert reduced_still(tmp_path / "red.png", 1280)[0, 0].tolist() == [200, 0, 0]


def test_a_damaged_image_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "damaged.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 this is not a picture")
    with pytest.raises(CaptureError, match=r"cannot read .*damaged.jpg"):
        reduced_still(path, 1280)


def play_to_its_end(source: StillSource) -> None:
    while frame := source.read(1):
        assert frame.camera.name == "b.png"


def test_live_sees_the_pixels_that_analyze_and_the_import_see(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth_picture(640, 480)).save(path, quality=80)
    np.testing.assert_array_equal(reduced_still(path, 1280), read_still(path).image_rgb)


@pytest.mark.parametrize("tail", [b"", b"\xff\xd9"])
def test_a_cut_off_jpeg_is_refused_live_too_even_with_an_end_marker(tmp_path: Path, tail: bytes) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2] + tail)
    with pytest.raises(CaptureError, match=r"cut\.jpg: damaged picture"):
        reduced_still(tmp_path / "cut.jpg", 1280)


def test_one_damaged_picture_of_several_is_left_out_and_the_others_shown(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    Image.fromarray(smooth_picture(320, 240)).save(tmp_path / "b.png")
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    source = StillSource(paths=paths, name="play", fps=50, longest_side_px=640, seconds_each=0.04, seed=None)
    assert source.open().name == "b.png"
    with pytest.raises(EndOfStream):
        play_to_its_end(source)
    broken = StillSource(paths=paths[:1] * 2, name="play", fps=50, longest_side_px=640)
    with pytest.raises(CaptureError, match=r"a\.png"):
        broken.open()
