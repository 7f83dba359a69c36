"""`simulated:` addresses: a scene that the programme renders."""

from urllib.parse import parse_qsl

from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneFactory, SceneOptions, SimulatedSource
from appliance.capture.source_kind import YES_NO, AddressOptions, SourceScale
from appliance.domain.errors import CaptureError
from appliance.ports import VideoSource

_OPTIONS = ("seed", "fps", "um_per_px", "pattern", "width", "height", "calibrated", "micrometer", "places")


def open_simulated(rest: str, settings: CaptureSettings, scene_factory: SceneFactory | None) -> VideoSource:
    """?seed=3&fps=30&um_per_px=1.41&pattern=early&width=1024&height=768, ?calibrated=0&micrometer=1"""
    if scene_factory is None:
        raise CaptureError("this program has no scene for a simulated capillaroscope", "Choose a camera or a file.")
    options = AddressOptions(rest.lstrip("?"), _OPTIONS)
    scene = SceneOptions(
        width_px=round(options.number("width", settings.width_px, 16, 8192)),
        height_px=round(options.number("height", settings.height_px, 16, 8192)),
        um_per_px=options.number("um_per_px", SceneOptions.um_per_px, 0.05, 50),
        seed=round(options.number("seed", SceneOptions.seed, 0, 2**32 - 1)),
        pattern=options.text("pattern"),
        has_known_scale=options.flag("calibrated", True),
        shows_micrometer=options.flag("micrometer", False),
        places=round(options.number("places", SceneOptions.places, 1, 64)),
    )
    return SimulatedSource(scene_factory, scene, options.number("fps", settings.fps, 1, 240))


def scale_of_simulated(rest: str) -> SourceScale:
    """The scene; with `calibrated=0` it plays a camera that nobody has calibrated yet."""
    asked = dict(parse_qsl(rest.lstrip("?"))).get("calibrated", "1").lower()
    return SourceScale.SCENE if YES_NO.get(asked, True) else SourceScale.WIZARD
