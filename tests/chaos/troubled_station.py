"""`nailfold run` whose simulated capillaroscope does what a file says.

    python -m tests.chaos.troubled_station ORDERS FLAGS...

ORDERS holds one word of `TROUBLES`, or nothing for a camera that works.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from appliance.apps.cli import main
from appliance.apps.station import assembly
from appliance.capture.open_source import open_source
from appliance.capture.simulated import SimulatedSource
from appliance.domain.frame import CameraDescription, Frame

TROUBLES = ("unplugged", "stalled", "crashing", "garbage", "other-format")


class TroubledSource:
    """A VideoSource over a simulated one."""

    def __init__(self, source: SimulatedSource, orders: Path) -> None:
        self._source = source
        self._orders = orders
        self._noise = np.random.default_rng(1)

    def open(self) -> CameraDescription:
        """See the port."""
        self._obey()
        return self._source.open()

    def read(self, timeout_s: float) -> Frame | None:
        """See the port."""
        trouble = self._obey()
        if trouble == "crashing":
            raise RuntimeError("the driver returned a null pointer")
        frame = self._source.read(timeout_s)
        if frame is not None and trouble == "garbage":
            return replace(frame, image_rgb=self._noise.integers(0, 256, frame.image_rgb.shape, np.uint8))
        if frame is not None and trouble == "other-format":
            return replace(frame, image_rgb=np.ascontiguousarray(frame.image_rgb[::2, ::2]))
        return frame

    def close(self) -> None:
        """See the port."""
        self._source.close()

    def _obey(self) -> str:
        trouble = self._orders.read_text(encoding="ascii").strip()
        if trouble == "unplugged":
            self._source.unplug()
        else:
            self._source.replug()
        if trouble == "stalled":
            self._source.stall()
        return trouble


def run() -> None:
    """See the module."""
    orders = Path(sys.argv[1])

    def open_troubled(*words: Any) -> TroubledSource:
        source = open_source(*words)
        assert isinstance(source, SimulatedSource), "only the simulated capillaroscope can be troubled"
        return TroubledSource(source, orders)

    # The one port that this programme replaces: all the rest is the station as it ships.
    assembly.open_source = open_troubled  # type: ignore[assignment]
    main(["run", *sys.argv[2:]])


if __name__ == "__main__":
    run()
