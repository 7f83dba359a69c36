"""A USB capillaroscope in software; uvcvideo, sysfs and V4L2 above it are the real ones."""

import struct
import threading
import time
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import simplejpeg
import usb_scope_descriptors as descriptors
from numpy.typing import NDArray
from usbip import UsbCable

_PROBE = struct.Struct("<HBBIHHHHHIIIBBBB")
_SET_CUR, _GET_LEN, _GET_INFO = 0x01, 0x85, 0x86


def red_and_blue(width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The picture that the scope shows: its left half red, its right half blue."""
    image_rgb = np.zeros((height_px, width_px, 3), np.uint8)
    image_rgb[:, : width_px // 2, 0] = 220
    image_rgb[:, width_px // 2 :, 2] = 220
    return image_rgb


@cache
def encoded_picture(width_px: int, height_px: int, is_mjpg: bool) -> bytes:
    """That picture as it goes over the wire; encoding is slow on an emulated processor."""
    image_rgb = red_and_blue(width_px, height_px)
    if is_mjpg:
        return bytes(simplejpeg.encode_jpeg(image_rgb, quality=90, colorspace="RGB"))
    return bytes(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2YUV_YUYV))


class UsbScope:
    """The device. `plug` and `unplug` are the cable; `damage_next` and `fall_silent` are its bad days.

    Args:
        video: JPEGs of 640x480, shown one after another for ever at that size; without them the red and blue picture.
    """

    def __init__(self, video: Sequence[bytes] = ()) -> None:
        self.damage_next = 0
        self._video, self._shown = tuple(video), 0
        self._is_silent = threading.Event()
        self._cable: UsbCable | None = None
        self._size_px = (0, 0)
        self._is_mjpg = True
        self._period_s = 1.0
        self._probe = self._negotiated(descriptors.MJPG, 1, descriptors.INTERVALS_100NS[0])

    def plug(self, port: int = 0) -> None:
        """Put the cable into a socket of the computer, 0 to 7."""
        self._is_silent.clear()
        self._cable = UsbCable(port, self._control)
        threading.Thread(target=self._stream, args=(self._cable,), daemon=True).start()

    def unplug(self) -> None:
        """Pull the cable."""
        if self._cable is not None:
            self._cable.pull()
        self._cable = None

    def fall_silent(self) -> None:
        """Answer requests but send no more pictures, until it is plugged again."""
        self._is_silent.set()

    def _control(self, setup: bytes, data: bytes) -> bytes | None:
        kind, request, value, index, _ = struct.unpack("<BBHHH", setup)
        if (kind, request) == (0x80, 6):
            return self._descriptor(value)
        if kind & 0x60 == 0:  # standard: configuration, interface, halt, status
            return b"\0\0" if kind & 0x80 else b""
        if index & 0xFF == 1 and value >> 8 in (1, 2):
            return self._probe_or_commit(request, data)
        return None

    def _descriptor(self, value: int) -> bytes | None:
        if value >> 8 == 1:
            return descriptors.device_descriptor()
        if value >> 8 == 2:
            return descriptors.configuration_descriptor()
        return descriptors.string_descriptor(value & 0xFF) if value >> 8 == 3 else None

    def _probe_or_commit(self, request: int, data: bytes) -> bytes:
        if request == _SET_CUR:
            _, format_index, frame_index, interval = _PROBE.unpack(data.ljust(_PROBE.size, b"\0"))[:4]
            self._probe = self._negotiated(format_index, frame_index, interval)
            return b""
        if request == _GET_LEN:
            return struct.pack("<H", _PROBE.size)
        return b"\x03" if request == _GET_INFO else self._probe

    def _negotiated(self, format_index: int, frame_index: int, interval: int) -> bytes:
        """Take the nearest that is offered, as cameras do, and say so."""
        sizes = descriptors.FRAME_SIZES.get(format_index, descriptors.FRAME_SIZES[descriptors.MJPG])
        self._size_px = sizes[min(max(frame_index, 1), len(sizes)) - 1]
        nearest = min(descriptors.INTERVALS_100NS, key=lambda offered: abs(offered - interval))
        self._is_mjpg, self._period_s = format_index != descriptors.YUYV, nearest / 1e7
        frame_bytes = self._size_px[0] * self._size_px[1] * 2
        limits = (frame_bytes, descriptors.MAX_PAYLOAD_BYTES, descriptors.CLOCK_HZ)
        return _PROBE.pack(1, format_index, frame_index, nearest, 0, 0, 0, 0, 0, *limits, 3, 0, 0, 0)

    def _stream(self, cable: UsbCable) -> None:
        """Send a picture whenever one is due and the host has asked for it."""
        frame_id, due_s = 0, time.monotonic()
        while not cable.is_pulled:
            if not self._is_silent.is_set() and not cable.send(bytes((2, 0x82 | frame_id)) + self._picture()):
                return
            frame_id ^= 1
            due_s = max(due_s + self._period_s, time.monotonic())
            time.sleep(max(0.0, due_s - time.monotonic()))

    def _picture(self) -> bytes:
        if self._video and self._is_mjpg and self._size_px == (640, 480):
            data = self._video[self._shown % len(self._video)]
            self._shown += 1
        else:
            data = encoded_picture(*self._size_px, self._is_mjpg)
        if self.damage_next == 0:
            return data
        self.damage_next -= 1
        return data[: len(data) // 2]
