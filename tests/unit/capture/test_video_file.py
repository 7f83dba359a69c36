import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from appliance.apps.analyze.video_reader import read_video
from appliance.capture.video_file import VideoFileSource
from appliance.capture.video_frames import VideoFrames
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import Frame


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """One second at 50 frames per second; frame n is grey n * 5."""
    path = tmp_path / "clip.avi"
    return written(path, frames=50, fps=50)


def written(path: Path, frames: int, fps: float) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), number * 5, np.uint8))
    writer.release()
    return path


def frame_number(frame: Frame) -> int:
    return round(float(frame.image_rgb.mean()) / 5)


def play(source: VideoFileSource, pause_s: float = 0) -> list[int]:
    numbers: list[int] = []
    try:
        while True:
            frame = source.read(1)
            if frame is not None:
                numbers.append(frame_number(frame))
            time.sleep(pause_s)
    except EndOfStream:
        return numbers


def test_a_second_of_video_takes_a_second_and_starts_with_its_first_frame(clip: Path) -> None:
    source = VideoFileSource(clip)
    camera = source.open()
    began_s = time.monotonic()
    numbers = play(source)
    assert 0.9 < time.monotonic() - began_s < 3
    assert camera.nominal_fps == 50
    assert camera.pixel_format == "MJPG"
    assert numbers[0] == 0
    assert numbers == sorted(set(numbers))


def test_a_slow_reader_skips_frames_and_keeps_pace(clip: Path) -> None:
    source = VideoFileSource(clip)
    source.open()
    began_s = time.monotonic()
    numbers = play(source, pause_s=0.1)
    assert time.monotonic() - began_s < 3
    assert 2 <= len(numbers) <= 12
    assert numbers == sorted(set(numbers))


def test_a_looped_video_starts_again_with_its_first_frame(clip: Path) -> None:
    source = VideoFileSource(clip, is_looped=True)
    source.open()
    deadline_s = time.monotonic() + 10
    numbers: list[int] = []
    while time.monotonic() < deadline_s and not (len(numbers) > 1 and numbers[-1] < numbers[-2]):
        frame = source.read(1)
        if frame is not None:
            numbers.append(frame_number(frame))
    source.close()
    assert numbers[-1] == 0
    assert max(numbers) >= 25


def test_a_damaged_video_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "damaged.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(2000))
    with pytest.raises(CaptureError, match=r"damaged.mp4 cannot be read as a video.*intact"):
        VideoFileSource(path).open()


def damage(path: Path, number: int) -> None:
    """Overwrite the inside of one JPEG of the AVI."""
    content = bytearray(path.read_bytes())
    at = 0
    for _ in range(number + 1):
        at = content.index(b"\xff\xd8\xff", at + 1)
    end = content.index(b"\xff\xd9", at)
    content[at + 2 : end] = bytes([0xFF, 0xC4] + [0xB0] * (end - at - 4))
    path.write_bytes(content)


def test_a_damaged_frame_is_passed_over_and_counted_and_the_rest_played(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = written(tmp_path / "clip.avi", frames=6, fps=4)  # Slow: a computer that is busy for a moment skips none.
    damage(clip, 2)
    source = VideoFileSource(clip)
    source.open()
    numbers = play(source)
    assert 2 not in numbers
    assert max(numbers) > 2
    assert source.frames_undecodable == 1
    assert "clip.avi: 1 damaged frames were passed over" in caplog.text


def read_into(found: list[tuple[int, float]], path: Path) -> None:
    for picture in read_video(path, 1):
        found.append((picture.index, picture.at_s))


def test_analyze_reads_all_whole_frames_and_then_tells_of_the_damaged_one(clip: Path) -> None:
    damage(clip, 2)
    found: list[tuple[int, float]] = []
    with pytest.raises(CaptureError, match="1 of 50 pictures damaged and passed over"):
        read_into(found, clip)
    assert [index for index, _ in found] == [0, 1, *range(3, 50)]
    assert found[2][1] == pytest.approx(3 / 50, abs=0.001)


def test_a_frame_of_which_half_is_missing_is_damaged_and_not_grey(clip: Path) -> None:
    """FFmpeg would fill the rest and call it whole."""
    content = bytearray(clip.read_bytes())
    at = [place for place in range(len(content)) if content[place : place + 4] == b"00dc"][20]
    size = int.from_bytes(content[at + 4 : at + 8], "little")
    content[at + 8 + size // 2 : at + 8 + size] = b"\xff\xd9" + b"\0" * (size - size // 2 - 2)
    clip.write_bytes(content)
    found: list[tuple[int, float]] = []
    with pytest.raises(CaptureError, match="1 of 50 pictures damaged"):
        read_into(found, clip)
    assert len(found) == 49


def test_a_header_that_announces_more_pictures_than_the_file_has_bytes_says_nothing(clip: Path) -> None:
    content = bytearray(clip.read_bytes())
    for mark, place in ((b"avih", 24), (b"strh", 40)):
        at = content.index(mark) + place
        content[at : at + 4] = b"\xff\xff\xff\xff"
    clip.write_bytes(content)
    found: list[tuple[int, float]] = []
    read_into(found, clip)
    assert len(found) == 50


def test_a_recording_whose_pace_changes_is_whole_when_it_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matroska holds no count: FFmpeg's comes from length and rate, which of such a recording is too high."""

    class Uneven:
        times_s = (0.0, 0.1, 3.0, 4.9)

        def __init__(self, *_: object) -> None:
            self.at = -1

        def get(self, what: int) -> float:
            known = {cv2.CAP_PROP_FRAME_COUNT: 50.0, cv2.CAP_PROP_FPS: 10.0, cv2.CAP_PROP_FOURCC: 0.0}
            return self.times_s[self.at] * 1000 if what == cv2.CAP_PROP_POS_MSEC else known.get(what, 0.0)

        def isOpened(self) -> bool:  # noqa: N802 (OpenCV's)
            return True

        def grab(self) -> bool:
            self.at = min(self.at + 1, len(self.times_s))
            return self.at < len(self.times_s)

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Uneven)
    video = VideoFrames(Path(__file__))
    while video.grab():
        pass
    assert video.seen == 4
    assert not video.ends_early


def test_pictures_without_time_stamps_follow_each_other_at_the_recordings_pace(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = VideoFrames(clip)
    plain = video._video.get
    monkeypatch.setattr(
        video,
        "_video",
        SimpleNamespace(get=lambda what: 0.0 if what == cv2.CAP_PROP_POS_MSEC else plain(what), grab=video._video.grab),
    )
    times = [video.at_s for _ in range(4) if video.grab()]
    assert times == pytest.approx([0, 0.02, 0.04, 0.06])


def test_a_recording_without_its_index_says_so_and_is_no_unknown_format(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\0\x40mdat" + b"\1" * 56)
    with pytest.raises(CaptureError, match="its end, where its index is, is missing"):
        VideoFrames(tmp_path / "a.mp4")
