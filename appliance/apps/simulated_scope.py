"""The rendered nailfold in front of the simulated capillaroscope."""

import numpy as np
from numpy.typing import NDArray

from appliance.capture.simulated import SceneOptions
from appliance.domain.errors import CaptureError
from engines.synthetic.live import LiveScene
from engines.synthetic.pattern import Pattern


class RenderedScene:
    """A scene for `SimulatedSource`: the pictures alone, without their truth."""

    def __init__(self, options: SceneOptions) -> None:
        self._scene = LiveScene(
            options.seed,
            width=options.width_px,
            height=options.height_px,
            um_per_px=options.um_per_px,
            pattern=_pattern(options.pattern),
        )

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        """The view at a time; uint8 RGB (height, width, 3)."""
        return self._scene.frame(elapsed_s)[0]


class SceneFactory:
    """Makes the scene and remembers what was asked of it, for the calibration."""

    def __init__(self) -> None:
        self.options: SceneOptions | None = None

    def __call__(self, options: SceneOptions) -> RenderedScene:
        self.options = options
        return RenderedScene(options)


def _pattern(name: str) -> Pattern:
    if not name:
        return Pattern.CLINIC
    try:
        return Pattern(name)
    except ValueError as error:
        known = ", ".join(pattern.value for pattern in Pattern)
        raise CaptureError(f"the simulated scope knows no pattern {name!r}", f"Known are {known}.") from error
