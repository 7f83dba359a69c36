"""What one scheme of a picture source's address stands for, and the options behind its question mark."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from urllib.parse import parse_qsl

from appliance.capture.settings import CaptureSettings
from appliance.capture.simulated import SceneFactory
from appliance.domain.errors import CaptureError
from appliance.ports import VideoSource

YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class SourceScale(Enum):
    """Who knows how many micrometres a pixel of a source has.

    CAMERA: the command line, the calibration wizard or the site's settings. WIZARD: the wizard alone. OPERATOR: the
    command line alone. SCENE: the scene that the source renders.
    """

    CAMERA = "camera"
    WIZARD = "wizard"
    OPERATOR = "operator"
    SCENE = "scene"


@dataclass(frozen=True)
class SourceKind:
    """One line of the table in `open_source`.

    Attributes:
        scheme: what stands before the colon: "v4l2".
        usage: the address as the command line's help prints it: "v4l2:[/dev/videoN]".
        open: the source, not yet opened, from what stands behind the colon; raises CaptureError for an address that
            cannot be used. Only a source that renders takes the scene factory.
        scale: who knows its scale, given what stands behind the colon.
        needs_jetson_utils: whether NVIDIA's library must be installed.
    """

    scheme: str
    usage: str
    open: Callable[[str, CaptureSettings, SceneFactory | None], VideoSource]
    scale: Callable[[str], SourceScale]
    needs_jetson_utils: bool = False


class AddressOptions:
    """The query of an address.

    Args:
        query: "seed=3&fps=30", without the question mark.
        known: the names that it may hold.

    Raises:
        CaptureError: an unknown name; the remedy names the nearest known one. The methods raise it for a value that is
            outside of its range.
    """

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
        if self._values[name].lower() not in YES_NO:
            raise CaptureError(f"the picture source has {name}={self._values[name]!r}", "Use 1 or 0.")
        return YES_NO[self._values[name].lower()]
