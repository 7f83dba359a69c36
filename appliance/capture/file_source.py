"""Chooses how a file or folder is played."""

import logging
from pathlib import Path

from appliance.capture.settings import CaptureSettings
from appliance.capture.stills import StillSource
from appliance.capture.video_file import VideoFileSource
from appliance.domain.errors import CaptureError
from appliance.foreign_files.kinds import MediaKind, kind_of
from appliance.foreign_files.walk import walk
from appliance.ports import VideoSource

_log = logging.getLogger(__name__)
_KNOWN = "Known are JPEG, PNG, TIFF, BMP, WebP and DICOM pictures, and MP4, AVI, MOV, MKV, WebM and MPEG videos."


def file_source(path: Path, settings: CaptureSettings, is_looped: bool = False, seed: int | None = 0) -> VideoSource:
    """A source for a video, an image, or a folder of images and its sub-folders in natural order.

    Args:
        path: what to play.
        settings: frame rate, size and duration of stills.
        is_looped: play videos and folders again and again.
        seed: of the hand's movement over stills; None for no movement.

    Raises:
        CaptureError: nothing there, or nothing that can be played.
    """
    if path.is_dir():
        return _stills(_images_in(path), path.name, settings, is_looped, seed)
    if not path.is_file():
        raise CaptureError(f"there is no file or folder {path}", "Check the address of the picture source.")
    try:
        kind = kind_of(path)
    except OSError as error:
        raise CaptureError(f"cannot read {path}: {error.strerror}", "Check the rights of the file.") from error
    if kind is None:
        raise CaptureError(f"{path} is neither an image nor a video that is known here", _KNOWN)
    if kind is MediaKind.VIDEO:
        return VideoFileSource(path, is_looped)
    return _stills([path], path.name, settings, is_looped, seed)


def _images_in(folder: Path) -> list[Path]:
    found = walk(folder)
    images = [item.path for item in found.files if item.kind in (MediaKind.PICTURE, MediaKind.DICOM)]
    for item in [*found.files, *found.empty]:
        if item.path not in images:
            _log.warning("left out %s: not a picture", item.path)
    for sentence in [*found.problems, *filter(None, [found.note()])]:
        _log.warning("%s: %s", folder, sentence)
    if not images:
        raise CaptureError(f"the folder {folder} holds no image", _KNOWN)
    return images


def _stills(paths: list[Path], name: str, settings: CaptureSettings, is_looped: bool, seed: int | None) -> StillSource:
    return StillSource(
        paths=paths,
        name=name,
        fps=settings.fps,
        longest_side_px=settings.still_longest_side_px,
        seconds_each=settings.still_seconds,
        is_looped=is_looped,
        seed=seed,
    )
