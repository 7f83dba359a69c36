"""USB cameras through the kernel's V4L2."""

import errno
import logging
import os
import time
from pathlib import Path

import cv2
import numpy as np

from appliance.capture.camera_formats import UndecodableFrameError, decode
from appliance.capture.settings import CaptureSettings
from appliance.capture.stamping import FrameStamper
from appliance.capture.v4l2_devices import V4l2Device, capture_devices, device_at, preferred_device, query_capability
from appliance.capture.v4l2_format import negotiate
from appliance.domain.errors import CaptureError
from appliance.domain.frame import CameraDescription, Frame

_log = logging.getLogger(__name__)

_MAX_FRAME_AGE_S = 2.0  # an older kernel time stamp is of another clock
_PLUG_IN = "Plug the capillaroscope in; a by-id address or plain v4l2: finds it at any socket."


class V4l2Source:
    """A video source on a V4L2 capture node.

    Args:
        address: a node, a link to one (/dev/v4l/by-id/...), or "" for the first capillaroscope that is found.
        settings: size, rate, format and device profiles.
    """

    def __init__(self, address: str, settings: CaptureSettings) -> None:
        self._address = address
        self._settings = settings
        self._stamper = FrameStamper()
        self._capture: cv2.VideoCapture | None = None
        self._device: V4l2Device | None = None
        self._camera: CameraDescription | None = None
        self._is_streaming = False
        self._undecodable = 0

    @property
    def frames_undecodable(self) -> int:
        """Frames that arrived damaged and were left out."""
        return self._undecodable

    def open(self) -> CameraDescription:
        """Find the device, negotiate the format and report what was really set."""
        self.close()
        # OpenCV waits 10 s for the first frame by default; it reads this once per process.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
        self._device = self._find()
        self._capture = cv2.VideoCapture(str(self._device.node), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            self.close()
            raise CaptureError(
                f"{self._device.name} at {self._device.node} could not be opened",
                "Another program may be using it; close that and try again.",
            )
        try:
            self._camera = negotiate(self._capture, self._device, self._settings)
        except CaptureError:
            self.close()
            raise
        self._is_streaming = False
        return self._camera

    def read(self, timeout_s: float) -> Frame | None:
        """The next whole frame, stamped with the time at which the kernel says it was taken."""
        if self._capture is None or self._camera is None:
            raise CaptureError(f"the camera {self._address} was read before it was opened", "Open it first.")
        deadline_s = time.monotonic() + timeout_s
        while True:
            if not self._grab(self._capture, max(0.001, deadline_s - time.monotonic())):
                return None
            frame = self._retrieve(self._capture, self._camera)
            if frame is not None or time.monotonic() >= deadline_s:
                return frame

    def close(self) -> None:
        """Stop streaming and free the node."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _find(self) -> V4l2Device:
        if not self._address:
            devices = capture_devices()
            found = preferred_device(devices, self._settings.device_profiles)
            if found is None:
                seen = ", ".join(f"{device.name} ({device.camera_id})" for device in devices) or "no camera"
                raise CaptureError(f"no capillaroscope was found; seen: {seen}", "Plug the capillaroscope in.")
            return found
        try:
            device = device_at(Path(self._address))
        except OSError as error:
            raise _open_error(self._address, error) from error
        if not device.capability.can_capture:
            raise CaptureError(
                f"{device.node} delivers no pictures",
                "It is probably the camera's metadata node; use the one whose by-id name ends in index0.",
            )
        return device

    def _grab(self, capture: cv2.VideoCapture, timeout_s: float) -> bool:
        """Wait for a frame; False if none came. Raises CaptureError if the device is gone."""
        if not self._is_streaming:
            # OpenCV starts the stream inside the first grab, whose time-out is that of the environment variable.
            self._is_streaming = capture.grab()
            if not self._is_streaming:
                self._require_present()
            return self._is_streaming
        try:
            is_ready, _ = cv2.VideoCapture.waitAny([capture], timeoutNs=int(timeout_s * 1e9))
        except cv2.error as error:
            self._require_present()
            raise CaptureError(
                f"the camera {self._name()} reports a failed stream", "It is being opened again; check the cable."
            ) from error
        if not is_ready:
            self._require_present()
        return bool(is_ready)

    def _retrieve(self, capture: cv2.VideoCapture, camera: CameraDescription) -> Frame | None:
        is_read, raw = capture.retrieve()
        taken_s = self._taken_s(capture)
        if not is_read or raw is None:
            return None
        try:
            image_rgb = decode(np.asarray(raw, np.uint8), camera.pixel_format, camera.width_px, camera.height_px)
        except UndecodableFrameError as error:
            self._undecodable += 1
            if self._undecodable.bit_count() == 1:  # the 1st, 2nd, 4th, 8th ...: a bad cable must not fill the log
                _log.warning("%s sent damaged frame number %d: %s", camera.name, self._undecodable, error)
            return None
        return self._stamper.stamp(image_rgb, camera, taken_s)

    def _taken_s(self, capture: cv2.VideoCapture) -> float:
        """The kernel's time stamp if it is of CLOCK_MONOTONIC and fresh, which uvcvideo's is; else now."""
        now_s = time.monotonic()
        stamp_s = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        return stamp_s if 0 < stamp_s <= now_s and now_s - stamp_s < _MAX_FRAME_AGE_S else now_s

    def _require_present(self) -> None:
        """Raises CaptureError if the node no longer answers.

        While this one is open, a camera that is plugged in again gets a node of another number.
        """
        assert self._device is not None
        try:
            query_capability(self._device.node)
        except OSError as error:
            raise CaptureError(f"{self._name()} was unplugged", _PLUG_IN) from error

    def _name(self) -> str:
        return self._camera.name if self._camera is not None else self._address


def _open_error(address: str, error: OSError) -> CaptureError:
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return CaptureError(f"there is no camera at {address}", _PLUG_IN)
    if error.errno in (errno.EACCES, errno.EPERM):
        return CaptureError(f"the camera {address} may not be opened", "Add this user to the group video.")
    if error.errno in (errno.ENOTTY, errno.EINVAL):
        return CaptureError(f"{address} is not a camera", "Give a node such as /dev/video0.")
    return CaptureError(f"the camera {address} cannot be opened: {error.strerror}", _PLUG_IN)
