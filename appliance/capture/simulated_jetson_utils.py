"""A stand-in for NVIDIA's jetson_utils module, with its traps, where no Jetson is at hand.

Modelled on the Python bindings of jetson-utils (python/bindings/PyVideo.cpp): `Capture` opens the stream by itself,
returns None on a time-out and raises a bare Exception on failure; its images live in a ring of four that is written
again and again; what the CPU reads before `cudaDeviceSynchronize` is not the picture yet.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.capture.pacing import Pacer

_RING = 4


class SimulatedCudaImage:
    """An image in the ring: `pending` is what the GPU will have written by the next synchronisation."""

    def __init__(self, height_px: int, width_px: int) -> None:
        self.width, self.height = width_px, height_px
        self.shape = (height_px, width_px, 3)
        self.memory: NDArray[np.uint8] = np.zeros(self.shape, np.uint8)
        self.pending: NDArray[np.uint8] | None = None


class SimulatedJetsonUtils:
    """The module: offers videoSource, cudaDeviceSynchronize and cudaToNumpy, and an operator's hand on the cable.

    The picture of frame n is uniform with the value n modulo 256, so that a test can tell which frame it holds.
    """

    def __init__(self) -> None:
        self.is_plugged = True
        self.is_broken = False
        self.streams: list[SimulatedVideoSource] = []

    def videoSource(self, uri: str, options: dict[str, Any] | None = None) -> "SimulatedVideoSource":  # noqa: N802
        """As jetson_utils.videoSource."""
        if not self.is_plugged:
            raise Exception("jetson.utils -- failed to create videoSource device")
        stream = SimulatedVideoSource(self, uri, options or {})
        self.streams.append(stream)
        return stream

    def cudaDeviceSynchronize(self) -> None:  # noqa: N802
        """Finish every copy that is under way."""
        for stream in self.streams:
            for image in stream.ring:
                if image.pending is not None:
                    image.memory[...] = image.pending
                    image.pending = None

    @staticmethod
    def cudaToNumpy(image: SimulatedCudaImage) -> NDArray[np.uint8]:  # noqa: N802
        """A view of the ring's memory, not a copy."""
        return image.memory

    def unplug(self) -> None:
        """Pull the cable: captures time out for ever, as after a real unplug; new streams cannot be created."""
        self.is_plugged = False

    def replug(self) -> None:
        """Put it back; streams of before stay dead."""
        for stream in self.streams:
            stream.is_dead = True
        self.is_plugged = True

    def break_stream(self) -> None:
        """Let every capture raise, as after a failure inside the pipeline, until a new stream is made."""
        self.is_broken = True


class SimulatedVideoSource:
    """As jetson_utils.videoSource objects; made by SimulatedJetsonUtils.videoSource alone."""

    def __init__(self, module: SimulatedJetsonUtils, uri: str, options: dict[str, Any]) -> None:
        module.is_broken = False
        self._module = module
        self.uri = uri
        self.options = {"codec": "raw", "width": 1280, "height": 720, "framerate": 30.0, **options}
        self.ring = [SimulatedCudaImage(self.GetHeight(), self.GetWidth()) for _ in range(_RING)]
        self.is_dead = False
        self._is_open = False
        self._pacer: Pacer | None = None
        self._count = 0

    def Capture(self, format: str = "rgb8", timeout: int = 1000) -> SimulatedCudaImage | None:  # noqa: N802
        """The next image of the ring; None after `timeout` milliseconds."""
        if self._module.is_broken or format != "rgb8":
            raise Exception("jetson.utils -- videoSource failed to capture image")
        if not self._module.is_plugged or self.is_dead:
            time.sleep(timeout / 1000)
            return None
        self._is_open = True
        self._pacer = self._pacer or Pacer(self.options["framerate"])
        if self._pacer.wait(timeout / 1000) is None:
            return None
        image = self.ring[self._count % _RING]
        image.memory[...] = 255 - self._count % 256
        image.pending = np.full(image.shape, self._count % 256, np.uint8)
        self._count += 1
        return image

    def Close(self) -> None:  # noqa: N802
        """Stop; the memory of the ring goes back to the driver."""
        self._is_open = False
        self.is_dead = True

    def IsStreaming(self) -> bool:  # noqa: N802
        """True between the first capture and Close."""
        return self._is_open

    def GetWidth(self) -> int:  # noqa: N802
        """In pixels."""
        return int(self.options["width"])

    def GetHeight(self) -> int:  # noqa: N802
        """In pixels."""
        return int(self.options["height"])

    def GetFrameRate(self) -> float:  # noqa: N802
        """Per second."""
        return float(self.options["framerate"])

    def GetOptions(self) -> dict[str, Any]:  # noqa: N802
        """As negotiated."""
        return dict(self.options)
