"""`file:` addresses: a video, an image, or a folder of images."""

from dataclasses import replace
from pathlib import Path

from appliance.capture.file_source import file_source
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneFactory
from appliance.capture.source_kind import AddressOptions
from appliance.ports import VideoSource


def open_file(rest: str, settings: CaptureSettings, _: SceneFactory | None) -> VideoSource:
    """PATH?loop=1&motion=0&seed=2&fps=25&seconds=3&max_px=1024"""
    # A question mark may be part of the name of an existing file.
    text, _query, query = (rest, "", "") if Path(rest).exists() else rest.partition("?")
    options = AddressOptions(query, ("loop", "motion", "seed", "fps", "seconds", "max_px"))
    settings = replace(
        settings,
        fps=options.number("fps", settings.fps, 1, 240),
        still_seconds=options.number("seconds", settings.still_seconds, 0.1, 3600),
        still_longest_side_px=round(options.number("max_px", settings.still_longest_side_px, 64, 8192)),
    )
    seed = round(options.number("seed", 0, 0, 2**32 - 1)) if options.flag("motion", True) else None
    return file_source(Path(text).expanduser(), settings, options.flag("loop", False), seed)
