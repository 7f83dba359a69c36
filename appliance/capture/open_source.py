"""From the address in the settings to a source of frames: the one table of what can be a source.

Addresses:
    v4l2:                              the first camera that matches a device profile, else the first USB camera
    v4l2:/dev/video0                   this node; links below /dev/v4l/by-id and by-path are followed
    jetson:/dev/video0, jetson:csi://0 the same through jetson-utils
    file:PATH?loop=1&motion=0&seed=2&fps=25&seconds=3&max_px=1024     a video, an image, or a folder of images
    simulated:?seed=3&fps=30&um_per_px=1.41&pattern=early&width=1024&height=768
    simulated:?calibrated=0&micrometer=1     the same scope before its calibration, over a stage micrometer

A new source is its module, one entry in `SOURCES` and its test: the station, its rule of calibration, `doctor` and the
command line's help read the entry.
"""

from appliance.capture.file_address import open_file
from appliance.capture.jetson import JetsonSource
from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneFactory
from appliance.capture.simulated_address import open_simulated, scale_of_simulated
from appliance.capture.source_kind import SourceKind, SourceScale
from appliance.capture.v4l2 import V4l2Source
from appliance.domain.errors import CaptureError
from appliance.ports import VideoSource

SOURCES = (
    SourceKind(
        "v4l2",
        "v4l2:[/dev/videoN]",
        lambda rest, settings, _: V4l2Source(rest, settings),
        lambda _: SourceScale.CAMERA,
    ),
    SourceKind(
        "jetson",
        "jetson:csi://0",
        lambda rest, settings, _: JetsonSource(rest or "csi://0", settings),
        lambda _: SourceScale.CAMERA,
        needs_jetson_utils=True,
    ),
    SourceKind("file", "file:PATH", open_file, lambda _: SourceScale.OPERATOR),
    SourceKind("simulated", "simulated:", open_simulated, scale_of_simulated),
)


def open_source(uri: str, settings: CaptureSettings, scene_factory: SceneFactory | None = None) -> VideoSource:
    """The source at an address, not yet opened.

    Args:
        uri: the address.
        settings: what the address does not say.
        scene_factory: what "simulated:" shows.

    Raises:
        CaptureError: unknown scheme or option, a value that is none, or a file that is not there.
    """
    return source_kind(uri).open(uri.partition(":")[2], settings, scene_factory)


def source_kind(uri: str) -> SourceKind:
    """The table's entry for an address. Raises CaptureError where its scheme is unknown."""
    found = known_kind(uri)
    if found is None:
        known = ", ".join(f"{one.scheme}:" for one in SOURCES)
        raise CaptureError(f"the picture source {uri!r} has no known scheme", f"Use one of {known}")
    return found


def known_kind(uri: str) -> SourceKind | None:
    """The table's entry for an address; None where its scheme is unknown."""
    scheme, colon, _ = uri.partition(":")
    return next((one for one in SOURCES if colon and one.scheme == scheme), None)


def scale_of(uri: str) -> SourceScale:
    """Who knows the scale of the frames of an address. Raises CaptureError where its scheme is unknown."""
    return source_kind(uri).scale(uri.partition(":")[2])
