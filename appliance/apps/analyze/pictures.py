"""From files to frames for the pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from appliance.apps.analyze.video_reader import read_video
from appliance.apps.files.inputs import Input
from appliance.capture.still_reader import read_still
from appliance.domain.frame import CameraDescription, Frame


@dataclass(frozen=True)
class Picture:
    """One frame with the name that the result gives it.

    Attributes:
        name: of the file; a video's pictures carry their time as a media fragment, "clip.mp4#t=1.200".
        note: what the operator should know about it; empty where nothing.
        um_per_px: that its file states; None without one.
        scale_problem: what its file says of the scale and nobody here understands.
        is_dated: its file says when it was taken; else the frame bears the time when the file was last written.
    """

    name: str
    frame: Frame
    note: str = ""
    um_per_px: float | None = None
    scale_problem: str = ""
    is_dated: bool = False


def written_at_utc(path: Path) -> datetime:
    """When a file was last written: what is known of the time of a picture that states none."""
    return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)


def read_pictures(source: Input, every: int) -> Iterator[Picture]:
    """The pictures of one file. Raises CaptureError naming the file."""
    return _video(source, every) if source.is_video else _still(source)


def _still(source: Input) -> Iterator[Picture]:
    still = read_still(source.path)
    height_px, width_px = still.image_rgb.shape[:2]
    camera = CameraDescription(source.name, f"file:{source.name}", source.path.suffix.lstrip("."), width_px, height_px)
    pages = f"it holds {still.pages} pictures; only the first was measured" if still.pages > 1 else ""
    is_dated = still.taken_at_utc is not None
    said = "; ".join(filter(None, (pages, "" if is_dated else still.time_note, still.scale.note)))
    note = f"{source.path}: {said}" if said else ""
    frame = Frame(0, still.image_rgb, 0.0, still.taken_at_utc or written_at_utc(source.path), camera)
    yield Picture(source.name, frame, note, still.scale.um_per_px, still.scale.problem, is_dated)


def _video(source: Input, every: int) -> Iterator[Picture]:
    camera = None
    for picture in read_video(source.path, every):
        height_px, width_px = picture.image_rgb.shape[:2]
        camera = camera or CameraDescription(source.name, f"file:{source.name}", "video", width_px, height_px)
        # Containers seldom say when a recording began.
        taken_at_utc = written_at_utc(source.path) + timedelta(seconds=picture.at_s)
        frame = Frame(picture.index, picture.image_rgb, picture.at_s, taken_at_utc, camera)
        yield Picture(f"{source.name}#t={picture.at_s:.3f}", frame)
