"""From files to frames for the pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from appliance.apps.analyze.video_reader import read_video
from appliance.apps.files.inputs import Input
from appliance.apps.files.still_reader import read_still
from appliance.domain.frame import CameraDescription, Frame


@dataclass(frozen=True)
class Picture:
    """One frame with the name that the result gives it.

    Attributes:
        name: of the file; a video's pictures carry their time as a media fragment, "clip.mp4#t=1.200".
        note: what the operator should know about it; empty where nothing.
    """

    name: str
    frame: Frame
    note: str = ""


def read_pictures(source: Input, every: int) -> Iterator[Picture]:
    """The pictures of one file. Raises CaptureError naming the file."""
    return _video(source, every) if source.is_video else _still(source)


def _still(source: Input) -> Iterator[Picture]:
    still = read_still(source.path)
    height_px, width_px = still.image_rgb.shape[:2]
    camera = CameraDescription(source.name, f"file:{source.name}", source.path.suffix.lstrip("."), width_px, height_px)
    note = f"{source.path} holds {still.pages} pictures; only the first was measured" if still.pages > 1 else ""
    yield Picture(source.name, Frame(0, still.image_rgb, 0.0, still.taken_at_utc, camera), note)


def _video(source: Input, every: int) -> Iterator[Picture]:
    camera = None
    for picture in read_video(source.path, every):
        height_px, width_px = picture.image_rgb.shape[:2]
        camera = camera or CameraDescription(source.name, f"file:{source.name}", "video", width_px, height_px)
        # The file was last written when the recording ended; containers seldom say when it began.
        taken_at_utc = datetime.fromtimestamp(source.path.stat().st_mtime, timezone.utc) + timedelta(
            seconds=picture.at_s
        )
        frame = Frame(picture.index, picture.image_rgb, picture.at_s, taken_at_utc, camera)
        yield Picture(f"{source.name}#t={picture.at_s:.3f}", frame)
