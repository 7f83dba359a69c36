"""The rendered nailfold in front of the simulated capillaroscope."""

import numpy as np
from numpy.typing import NDArray

from appliance.capture.simulated import SceneOptions, SimulatedScene
from appliance.domain.errors import CaptureError
from engines.synthetic.live import ChangingPlaces, LiveScene
from engines.synthetic.micrometer import MicrometerAppearance, render_micrometer
from engines.synthetic.pattern import Pattern

_LIES_FOR_S = 20.0


class RenderedScene:
    """A scene for `SimulatedSource`: the pictures alone, without their truth."""

    def __init__(self, options: SceneOptions) -> None:
        size = {"width": options.width_px, "height": options.height_px}
        scale, pattern = options.um_per_px, _pattern(options.pattern)
        self._scene: LiveScene | ChangingPlaces = (
            LiveScene(options.seed, **size, um_per_px=scale, pattern=pattern)
            if options.places == 1
            else ChangingPlaces(options.seed, options.places, **size, um_per_px=scale, pattern=pattern)
        )

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        """The view at a time; uint8 RGB (height, width, 3)."""
        return self._scene.frame(elapsed_s)[0]


class MicrometerScene:
    """A stage micrometer of 1 mm in hundredths that lies for 20 s, stands upright for 20 s, and so on."""

    def __init__(self, options: SceneOptions) -> None:
        self._views = [self._view(options, angle) for angle in (2.0, 92.0)]

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        """The view at a time; uint8 RGB (height, width, 3)."""
        return self._views[int(elapsed_s / _LIES_FOR_S) % 2]

    @staticmethod
    def _view(options: SceneOptions, angle_deg: float) -> NDArray[np.uint8]:
        look = MicrometerAppearance(angle_deg=angle_deg, dust=12)
        return render_micrometer(options.width_px, options.height_px, options.um_per_px, look, options.seed)


class SceneFactory:
    """Makes the scene and remembers what was asked of it, for the calibration."""

    def __init__(self) -> None:
        self.options: SceneOptions | None = None

    def __call__(self, options: SceneOptions) -> SimulatedScene:
        self.options = options
        return MicrometerScene(options) if options.shows_micrometer else RenderedScene(options)


def _pattern(name: str) -> Pattern:
    if not name:
        return Pattern.CLINIC
    try:
        return Pattern(name)
    except ValueError as error:
        known = ", ".join(pattern.value for pattern in Pattern)
        raise CaptureError(f"the simulated scope knows no pattern {name!r}", f"Known are {known}.") from error
