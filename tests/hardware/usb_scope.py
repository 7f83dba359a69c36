"""A USB capillaroscope in software, plugged into the running kernel by USB/IP (module vhci-hcd).

The kernel talks to it over a socket as to any device on a cable (Documentation/usb/usbip_protocol.rst), so uvcvideo,
sysfs and V4L2 above it are the real ones. Needs root.
"""

import socket
import struct
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
import usb_scope_descriptors as descriptors
from numpy.typing import NDArray

_VHCI = Path("/sys/devices/platform/vhci_hcd.0")
_HIGH_SPEED = 3
_SUBMIT, _UNLINK, _RET_SUBMIT, _RET_UNLINK = 1, 2, 3, 4
_HEADER = struct.Struct(">5I")
_SUBMIT_BODY = struct.Struct(">IiiiI8s")
_PROBE = struct.Struct("<HBBIHHHHHIIIBBBB")
_EPIPE, _ECONNRESET = 32, 104


def red_and_blue(width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The picture that the scope shows: its left half red, its right half blue."""
    image_rgb = np.zeros((height_px, width_px, 3), np.uint8)
    image_rgb[:, : width_px // 2, 0] = 220
    image_rgb[:, width_px // 2 :, 2] = 220
    return image_rgb


class UsbScope:
    """The device. `plug` and `unplug` are the cable; `damage_next` and `fall_silent` are its bad days."""

    def __init__(self) -> None:
        self.frames_sent = 0
        self.damage_next = 0
        self.is_silent = False
        self._port = 0
        self._cable: socket.socket | None = None
        self._sending = threading.Lock()
        self._probe = self._negotiated(descriptors.MJPG, 1, descriptors.INTERVALS_100NS[0])
        self._waiting: list[tuple[int, int]] = []  # sequence number and length of the transfers the host has queued
        self._arrived = threading.Condition()

    def plug(self, port: int = 0) -> None:
        """Put the cable into a socket of the computer, 0 to 7."""
        ours, kernels = socket.socketpair()
        self._cable, self._port, self.is_silent = ours, port, False
        for work in (self._serve, self._stream):
            threading.Thread(target=work, args=(ours,), daemon=True).start()
        (_VHCI / "attach").write_text(f"{port} {kernels.fileno()} {0x10001 + port} {_HIGH_SPEED}")
        kernels.close()

    def unplug(self) -> None:
        """Pull the cable."""
        if self._cable is None:
            return
        (_VHCI / "detach").write_text(str(self._port))
        cable, self._cable = self._cable, None
        cable.close()
        with self._arrived:
            self._waiting.clear()
            self._arrived.notify_all()

    def fall_silent(self) -> None:
        """Answer requests but send no more pictures, until it is plugged again."""
        self.is_silent = True

    def _serve(self, cable: socket.socket) -> None:
        stream = cable.makefile("rb")
        try:
            while head := stream.read(48):
                command, seq, _, direction, endpoint = _HEADER.unpack(head[:20])
                if command == _UNLINK:
                    self._unlink(cable, seq, int.from_bytes(head[20:24], "big"))
                    continue
                _, length, _, _, _, setup = _SUBMIT_BODY.unpack(head[20:])
                data = stream.read(length) if direction == 0 and length else b""
                if endpoint == 0:
                    self._answer(cable, seq, self._control(setup, data), length if direction else len(data), direction)
                else:
                    with self._arrived:
                        self._waiting.append((seq, length))
                        self._arrived.notify_all()
        except OSError:
            pass  # the cable was pulled

    def _answer(self, cable: socket.socket, seq: int, data: bytes | None, length: int, direction: int = 1) -> None:
        status, payload = (-_EPIPE, b"") if data is None else (0, data[:length] if direction else b"")
        actual = 0 if data is None else (len(payload) if direction else length)
        head = _HEADER.pack(_RET_SUBMIT, seq, 0, 0, 0) + struct.pack(">5i8x", status, actual, 0, 0, 0)
        with self._sending:
            cable.sendall(head + payload)

    def _unlink(self, cable: socket.socket, seq: int, victim: int) -> None:
        with self._arrived:
            was_waiting = any(number == victim for number, _ in self._waiting)
            self._waiting = [transfer for transfer in self._waiting if transfer[0] != victim]
        status = -_ECONNRESET if was_waiting else 0
        with self._sending:
            cable.sendall(_HEADER.pack(_RET_UNLINK, seq, 0, 0, 0) + struct.pack(">i24x", status))

    def _control(self, setup: bytes, data: bytes) -> bytes | None:
        """The answer to a request on endpoint 0; None stalls."""
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

    def _probe_or_commit(self, request: int, data: bytes) -> bytes | None:
        if request == 0x01:  # SET_CUR
            _, format_index, frame_index, interval = _PROBE.unpack(data.ljust(_PROBE.size, b"\0"))[:4]
            self._probe = self._negotiated(format_index, frame_index, interval)
            return b""
        if request == 0x85:  # GET_LEN
            return struct.pack("<H", _PROBE.size)
        return b"\x03" if request == 0x86 else self._probe  # GET_INFO, else GET_CUR, MIN, MAX, DEF

    def _negotiated(self, format_index: int, frame_index: int, interval: int) -> bytes:
        sizes = descriptors.FRAME_SIZES.get(format_index, descriptors.FRAME_SIZES[descriptors.MJPG])
        width_px, height_px = sizes[min(max(frame_index, 1), len(sizes)) - 1]
        nearest = min(descriptors.INTERVALS_100NS, key=lambda offered: abs(offered - interval))
        self._size, self._is_mjpg, self._period_s = (
            (width_px, height_px),
            format_index != descriptors.YUYV,
            nearest / 1e7,
        )
        limits = (width_px * height_px * 2, descriptors.MAX_PAYLOAD_BYTES, descriptors.CLOCK_HZ)
        return _PROBE.pack(1, format_index, frame_index, nearest, 0, 0, 0, 0, 0, *limits, 3, 0, 0, 0)

    def _stream(self, cable: socket.socket) -> None:
        """Send a picture whenever one is due and the host has queued transfers for it."""
        frame_id, due_s = 0, time.monotonic()
        try:
            while self._cable is cable:
                payload = bytes((2, 0x82 | frame_id)) + self._picture()
                if not self._send(cable, payload):
                    return
                frame_id ^= 1
                self.frames_sent += 1
                due_s = max(due_s + self._period_s, time.monotonic())
                time.sleep(max(0.0, due_s - time.monotonic()))
        except OSError:
            pass  # the cable was pulled

    def _send(self, cable: socket.socket, payload: bytes) -> bool:
        while payload:
            with self._arrived:
                self._arrived.wait_for(lambda: self._cable is not cable or (self._waiting and not self.is_silent))
                if self._cable is not cable:
                    return False
                seq, length = self._waiting.pop(0)
            self._answer(cable, seq, payload[:length], length)
            payload = payload[length:]
        return True

    def _picture(self) -> bytes:
        image_rgb = red_and_blue(*self._size)
        if not self._is_mjpg:
            return cv2.cvtColor(image_rgb, cv2.COLOR_RGB2YUV_YUYV).tobytes()
        data = bytes(simplejpeg.encode_jpeg(image_rgb, quality=90, colorspace="RGB"))
        if self.damage_next > 0:
            self.damage_next -= 1
            return data[: len(data) // 2]
        return data
