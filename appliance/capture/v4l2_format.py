"""Size, rate and pixel format, as asked and as really set."""

import logging

import cv2

from appliance.capture.camera_formats import is_decodable
from appliance.capture.settings import CaptureSettings
from appliance.capture.v4l2_devices import V4l2Device
from appliance.domain.errors import CaptureError
from appliance.domain.frame import CameraDescription

_log = logging.getLogger(__name__)


def negotiate(capture: cv2.VideoCapture, device: V4l2Device, settings: CaptureSettings) -> CameraDescription:
    """Ask the camera for what the settings say and return what it really delivers, raw, from now on.

    Another size than asked is a warning: a calibration refuses it by itself, and an uncalibrated picture is still
    worth having. So is YUYV in place of MJPG.

    Raises:
        CaptureError: the camera has no pixel format that is understood here.
    """
    # The order matters: each of these makes OpenCV negotiate anew, with the format that was set before.
    capture.set(cv2.CAP_PROP_FOURCC, _code(settings.fourcc))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, settings.buffer_count)
    capture.set(cv2.CAP_PROP_FPS, settings.fps)
    fourcc = _settle_fourcc(capture, device, settings.fourcc)
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    width_px, height_px = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if (width_px, height_px) != (settings.width_px, settings.height_px):
        asked = f"{settings.width_px}x{settings.height_px}"
        _log.warning("%s does not offer %s; it delivers %dx%d", device.name, asked, width_px, height_px)
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return CameraDescription(device.name, device.camera_id, fourcc, width_px, height_px, fps if fps > 0 else None)


def _settle_fourcc(capture: cv2.VideoCapture, device: V4l2Device, asked: str) -> str:
    """The pixel format that is set; OpenCV silently takes any other if the camera lacks the one asked for."""
    actual = _text(capture)
    if not is_decodable(actual):
        capture.set(cv2.CAP_PROP_FOURCC, _code("YUYV"))
        actual = _text(capture)
    if not is_decodable(actual):
        raise CaptureError(
            f"{device.name} offers neither MJPG nor YUYV, only {actual}", "Use a camera of the USB video class."
        )
    if actual != asked:
        _log.warning("%s has no %s; it delivers %s", device.name, asked, actual)
    return actual


def _code(fourcc: str) -> int:
    return int(cv2.VideoWriter.fourcc(*fourcc))


def _text(capture: cv2.VideoCapture) -> str:
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("ascii", "replace")
