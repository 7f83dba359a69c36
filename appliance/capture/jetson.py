"""Cameras of a Jetson through NVIDIA's jetson-utils."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from appliance.capture.settings import CaptureSettings
from appliance.capture.stamping import FrameStamper
from appliance.capture.v4l2_devices import device_at
from appliance.domain.errors import CaptureError
from appliance.domain.frame import CameraDescription, Frame

_CODECS = {"MJPG": "mjpeg", "YUYV": "raw"}
_FOURCCS = {"mjpeg": "MJPG", "raw": "YUYV"}
_INSTALL = (
    "Build NVIDIA's jetson-utils from source on this Jetson (github.com/dusty-nv/jetson-utils, CMake). "
    "The package of that name on PyPI is somebody else's and does not help."
)
_CHECK = "Check the cable, and that no other program uses the camera."


def import_jetson_utils() -> Any:
    """NVIDIA's Python module. Raises CaptureError if it is missing, or if it is not the real one."""
    try:
        module = importlib.import_module("jetson_utils")
    except Exception as error:  # a broken CUDA installation raises more than ImportError
        raise CaptureError(f"jetson_utils cannot be imported: {error}", _INSTALL) from error
    missing = [name for name in ("videoSource", "cudaDeviceSynchronize", "cudaToNumpy") if not hasattr(module, name)]
    if missing:
        raise CaptureError(f"the installed jetson_utils has no {', '.join(missing)}", _INSTALL)
    return module


class JetsonSource:
    """A video source on jetson-utils: USB cameras and CSI cameras.

    Args:
        address: "csi://0", or a device node; links below /dev/v4l/by-id are followed.
        settings: size, rate and format to ask for.
        load: returns the jetson_utils module; called at `open`.
    """

    def __init__(self, address: str, settings: CaptureSettings, load: Callable[[], Any] = import_jetson_utils) -> None:
        self._address = address
        self._settings = settings
        self._load = load
        self._is_node = address.startswith("/")
        self._resource = address
        self._stamper = FrameStamper()
        self._jetson: Any = None
        self._stream: Any = None
        self._camera: CameraDescription | None = None

    def open(self) -> CameraDescription:
        """Start streaming; jetson-utils knows the size of the frames only once one has come, so one is fetched."""
        self.close()
        self._jetson = self._load()
        self._resource = self._resolve()
        try:
            self._stream = self._jetson.videoSource(self._resource, options=self._options())
            image = self._capture(self._settings.first_frame_timeout_s)
        except Exception as error:  # jetson-utils raises bare Exception
            self.close()
            raise CaptureError(f"{self._resource} could not be opened: {error}", _CHECK) from error
        if image is None:
            self.close()
            raise CaptureError(
                f"{self._resource} sent no picture within {self._settings.first_frame_timeout_s:g} s", _CHECK
            )
        self._camera = self._describe()
        return self._camera

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, copied out of the ring of jetson-utils; raises CaptureError when the stream has failed."""
        if self._stream is None or self._camera is None:
            raise CaptureError(f"{self._address} was read before it was opened", "Open it first.")
        self._require_present(self._resource)
        try:
            image = self._capture(timeout_s)
        except Exception as error:
            raise CaptureError(
                f"{self._camera.name} failed while streaming: {error}", "Check the cable; it is being opened again."
            ) from error
        if image is None:
            return None
        # The copy to the host runs on the GPU's own time, and the ring of 4 images will be overwritten.
        self._jetson.cudaDeviceSynchronize()
        image_rgb = np.array(self._jetson.cudaToNumpy(image), dtype=np.uint8, copy=True)
        return self._stamper.stamp(image_rgb, self._camera)

    def close(self) -> None:
        """Stop streaming."""
        if self._stream is not None:
            self._stream.Close()
        self._stream = None

    def _capture(self, timeout_s: float) -> Any:
        return self._stream.Capture(format="rgb8", timeout=max(1, round(timeout_s * 1000)))

    def _resolve(self) -> str:
        """jetson-utils does not understand links such as /dev/v4l/by-id/..."""
        resource = os.path.realpath(self._address) if self._is_node else self._address
        self._require_present(resource)
        return resource

    def _require_present(self, resource: str) -> None:
        """After an unplug jetson-utils may return None for ever: the vanished node is the only sign."""
        if self._is_node and not os.path.exists(resource):
            raise CaptureError(f"the camera {self._address} is not there", "Plug the capillaroscope in.")

    def _identity(self) -> tuple[str, str]:
        """As V4L2 knows the camera, so that its calibration holds whichever way it is read."""
        try:
            device = device_at(Path(self._resource)) if self._is_node else None
        except OSError:
            device = None
        if device is None:
            return f"Camera {self._resource}", f"jetson:{self._address}"
        return device.name, device.camera_id

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "width": settings.width_px,
            "height": settings.height_px,
            "framerate": settings.fps,
            "numBuffers": 4,
            "zeroCopy": True,
        }
        if self._is_node:
            options["codec"] = _CODECS[settings.fourcc]
        return options

    def _describe(self) -> CameraDescription:
        codec = str(self._stream.GetOptions().get("codec", "unknown"))
        name, camera_id = self._identity()
        return CameraDescription(
            name=name,
            camera_id=camera_id,
            pixel_format=_FOURCCS.get(codec, codec),
            width_px=int(self._stream.GetWidth()),
            height_px=int(self._stream.GetHeight()),
            nominal_fps=float(self._stream.GetFrameRate()),
        )
