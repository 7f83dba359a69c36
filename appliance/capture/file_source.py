"""Chooses how a file or folder is played."""

from pathlib import Path

from appliance.capture.settings import CaptureSettings
from appliance.capture.stills import IMAGE_SUFFIXES, StillSource
from appliance.capture.video_file import VideoFileSource
from appliance.domain.errors import CaptureError
from appliance.ports import VideoSource

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})


def file_source(path: Path, settings: CaptureSettings, is_looped: bool = False, seed: int | None = 0) -> VideoSource:
    """A source for a video, an image, or a folder of images in the order of their names.

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
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return _stills([path], path.name, settings, is_looped, seed)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoFileSource(path, is_looped)
    raise CaptureError(
        f"{path} is neither an image nor a video that is known here",
        f"Known are {', '.join(sorted(IMAGE_SUFFIXES | VIDEO_SUFFIXES))}.",
    )


def _images_in(folder: Path) -> list[Path]:
    images = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not images:
        raise CaptureError(f"the folder {folder} holds no image", f"Known are {', '.join(sorted(IMAGE_SUFFIXES))}.")
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
