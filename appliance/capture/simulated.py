"""A capillaroscope that exists only in software, for demonstration, training and tests."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.capture.pacing import Pacer
from appliance.capture.stamping import FrameStamper
from appliance.domain.errors import CaptureError
from appliance.domain.frame import CameraDescription, Frame


class SimulatedScene(Protocol):
    """What lies under the simulated lens."""

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        """The view `elapsed_s` after the first frame: uint8 RGB, shape (height, width, 3) as asked for."""


@dataclass(frozen=True)
class SceneOptions:
    """What the address of a simulated scope asks of its scene.

    Attributes:
        width_px, height_px: size of the frames.
        um_per_px: scale; 1.41 is a Dino-Lite AM4113T at 220x with 1280 pixels across (dinolite.us).
        seed: the same seed gives the same finger.
        pattern: name of a disease pattern known to the scene; empty for the scene's own choice.
        has_known_scale: False plays a scope that nobody has calibrated yet.
        shows_micrometer: a stage micrometer lies under the lens in place of a finger.
        places: so many nailfolds by turns; with 1 it is one finger, along which the hand moves.
    """

    width_px: int
    height_px: int
    um_per_px: float = 1.41
    seed: int = 0
    pattern: str = ""
    has_known_scale: bool = True
    shows_micrometer: bool = False
    places: int = 1


SceneFactory = Callable[[SceneOptions], SimulatedScene]


class SimulatedSource:
    """A video source that plays a scene; offers what an operator can do to a cable.

    Args:
        scene_factory: makes the scene, at the first `open`.
        options: what to ask of it.
        fps: frames per second; frames that cannot be rendered in time are skipped, not queued.
    """

    def __init__(self, scene_factory: SceneFactory, options: SceneOptions, fps: float = 30.0) -> None:
        self._scene_factory = scene_factory
        self._options = options
        self._fps = fps
        self._scene: SimulatedScene | None = None
        self._pacer: Pacer | None = None
        self._epoch_s: float | None = None
        self._stamper = FrameStamper()
        self._is_unplugged = threading.Event()
        self._is_stalled = threading.Event()
        self._camera = CameraDescription(
            name="Simulated capillaroscope",
            camera_id=f"simulated:{options.seed}",
            pixel_format="rgb8",
            width_px=options.width_px,
            height_px=options.height_px,
            nominal_fps=fps,
        )

    def open(self) -> CameraDescription:
        """Start the scene; on re-opening it goes on where it would be by now."""
        self._require_plugged()
        self._scene = self._scene or self._scene_factory(self._options)
        self._is_stalled.clear()
        self._pacer = Pacer(self._fps)
        self._epoch_s = self._epoch_s or time.monotonic()
        return self._camera

    def read(self, timeout_s: float) -> Frame | None:
        """The next view; raises CaptureError while unplugged."""
        if self._pacer is None or self._scene is None or self._epoch_s is None:
            raise CaptureError("the simulated capillaroscope was read before it was opened", "Open it first.")
        self._require_plugged()
        if self._is_stalled.is_set():
            time.sleep(timeout_s)
            return None
        if self._pacer.wait(timeout_s) is None:
            return None
        self._require_plugged()
        return self._stamper.stamp(self._scene.frame(time.monotonic() - self._epoch_s), self._camera)

    def close(self) -> None:
        """Stop; the scene's time goes on."""
        self._pacer = None

    def unplug(self) -> None:
        """Pull the cable: reading and opening fail until `replug`. Safe from any thread, as are the other two."""
        self._is_unplugged.set()

    def replug(self) -> None:
        """Put the cable back."""
        self._is_unplugged.clear()

    def stall(self) -> None:
        """Stop sending frames without any error, until the source is opened again."""
        self._is_stalled.set()

    def _require_plugged(self) -> None:
        if self._is_unplugged.is_set():
            raise CaptureError("the simulated capillaroscope is unplugged", "Plug it in again.")
