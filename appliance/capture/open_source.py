"""From the address in the settings to a source of frames."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import parse_qsl

from appliance.capture.file_source import file_source
from appliance.capture.jetson import JetsonSource
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneFactory, SceneOptions, SimulatedSource
from appliance.capture.v4l2 import V4l2Source
from appliance.domain.errors import CaptureError
from appliance.ports import VideoSource

_SCHEMES = ("v4l2", "jetson", "file", "simulated")
_OF_SIMULATED = ("seed", "fps", "um_per_px", "pattern", "width", "height", "calibrated", "micrometer")
_YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def open_source(uri: str, settings: CaptureSettings, scene_factory: SceneFactory | None = None) -> VideoSource:
    """The source at an address, not yet opened.

    Addresses:
        v4l2:                              the first camera that matches a device profile, else the first USB camera
        v4l2:/dev/video0                   this node; links below /dev/v4l/by-id and by-path are followed
        jetson:/dev/video0, jetson:csi://0 the same through jetson-utils
        file:PATH?loop=1&motion=0&seed=2&fps=25&seconds=3&max_px=1024     a video, an image, or a folder of images
        simulated:?seed=3&fps=30&um_per_px=1.41&pattern=early&width=1024&height=768
        simulated:?calibrated=0&micrometer=1     the same scope before its calibration, over a stage micrometer

    Args:
        uri: the address.
        settings: what the address does not say.
        scene_factory: what "simulated:" shows.

    Raises:
        CaptureError: unknown scheme or option, a value that is none, or a file that is not there.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in _SCHEMES:
        raise CaptureError(
            f"the picture source {uri!r} has no known scheme", f"Use one of {', '.join(f'{s}:' for s in _SCHEMES)}"
        )
    if scheme == "v4l2":
        return V4l2Source(rest, settings)
    if scheme == "jetson":
        return JetsonSource(rest or "csi://0", settings)
    return _file(rest, settings) if scheme == "file" else _simulated(rest, settings, scene_factory)


def _file(rest: str, settings: CaptureSettings) -> VideoSource:
    # A question mark may be part of the name of an existing file.
    text, _, query = (rest, "", "") if Path(rest).exists() else rest.partition("?")
    options = _Options(query, ("loop", "motion", "seed", "fps", "seconds", "max_px"))
    settings = replace(
        settings,
        fps=options.number("fps", settings.fps, 1, 240),
        still_seconds=options.number("seconds", settings.still_seconds, 0.1, 3600),
        still_longest_side_px=round(options.number("max_px", settings.still_longest_side_px, 64, 8192)),
    )
    seed = round(options.number("seed", 0, 0, 2**32 - 1)) if options.flag("motion", True) else None
    return file_source(Path(text).expanduser(), settings, options.flag("loop", False), seed)


def _simulated(rest: str, settings: CaptureSettings, scene_factory: SceneFactory | None) -> VideoSource:
    if scene_factory is None:
        raise CaptureError("this program has no scene for a simulated capillaroscope", "Choose a camera or a file.")
    options = _Options(rest.lstrip("?"), _OF_SIMULATED)
    scene = SceneOptions(
        width_px=round(options.number("width", settings.width_px, 16, 8192)),
        height_px=round(options.number("height", settings.height_px, 16, 8192)),
        um_per_px=options.number("um_per_px", SceneOptions.um_per_px, 0.05, 50),
        seed=round(options.number("seed", SceneOptions.seed, 0, 2**32 - 1)),
        pattern=options.text("pattern"),
        has_known_scale=options.flag("calibrated", True),
        shows_micrometer=options.flag("micrometer", False),
    )
    return SimulatedSource(scene_factory, scene, options.number("fps", settings.fps, 1, 240))


class _Options:
    """The query of an address; refuses what it does not know and names the nearest that it does."""

    def __init__(self, query: str, known: Iterable[str]) -> None:
        self._values = dict(parse_qsl(query, keep_blank_values=True))
        for name in self._values:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
                raise CaptureError(f"the picture source has no option {name!r}", hint)

    def text(self, name: str) -> str:
        return self._values.get(name, "")

    def number(self, name: str, default: float, lowest: float, highest: float) -> float:
        if name not in self._values:
            return default
        try:
            value = float(self._values[name])
        except ValueError:
            value = float("nan")
        if not lowest <= value <= highest:
            raise CaptureError(
                f"the picture source has {name}={self._values[name]!r}", f"Use a number from {lowest:g} to {highest:g}."
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        if name not in self._values:
            return default
        if self._values[name].lower() not in _YES_NO:
            raise CaptureError(f"the picture source has {name}={self._values[name]!r}", "Use 1 or 0.")
        return _YES_NO[self._values[name].lower()]
