"""A cable into the running kernel's virtual USB host controller (module vhci-hcd), by the USB/IP protocol.

The protocol: Documentation/usb/usbip_protocol.rst of the Linux kernel. Numbers are big-endian. Needs root.
"""

import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_VHCI = Path("/sys/devices/platform/vhci_hcd.0")
_HIGH_SPEED = 3
_UNLINK, _RET_SUBMIT, _RET_UNLINK = 2, 3, 4
_HEADER = struct.Struct(">5I")
_SUBMIT_BODY = struct.Struct(">IiiiI8s")
_EPIPE, _ECONNRESET = 32, 104

Control = Callable[[bytes, bytes], bytes | None]


class UsbCable:
    """One connection of one device, from plugging in to pulling out. What was queued on it dies with it.

    Args:
        port: socket of the virtual computer, 0 to 7.
        control: answers a request on endpoint 0, given its setup packet and data; None stalls.
    """

    def __init__(self, port: int, control: Control) -> None:
        self._port = port
        self._control = control
        self._ours, kernels = socket.socketpair()
        # Held while a transfer is taken from the list and answered: an answer after that to its unlinking is an error.
        self._arrived = threading.Condition()
        self._waiting: list[tuple[int, int]] = []  # sequence number and length of bulk transfers the host has queued
        self._is_pulled = False
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()
        with kernels:
            (_VHCI / "attach").write_text(f"{port} {kernels.fileno()} {0x10001 + port} {_HIGH_SPEED}")

    @property
    def is_pulled(self) -> bool:
        """True from `pull` on."""
        return self._is_pulled

    def pull(self) -> None:
        """Disconnect the device."""
        with self._arrived:
            self._is_pulled = True
            self._arrived.notify_all()
        with self._ours:
            (_VHCI / "detach").write_text(str(self._port))
            self._ours.shutdown(socket.SHUT_RDWR)
            self._server.join(10)

    def send(self, payload: bytes) -> bool:
        """Fill the bulk transfers that the host queues, waiting for them; False once the cable was pulled."""
        try:
            while payload:
                with self._arrived:
                    self._arrived.wait_for(lambda: self._waiting or self._is_pulled)
                    if self._is_pulled:
                        return False
                    seq, length = self._waiting.pop(0)
                    self._answer(seq, 0, payload[:length], len(payload[:length]))
                payload = payload[length:]
        except OSError:
            return False
        return True

    def _serve(self) -> None:
        try:
            with self._ours.makefile("rb") as stream:
                while len(head := stream.read(48)) == 48:
                    command, seq, _, direction, endpoint = _HEADER.unpack(head[:20])
                    if command == _UNLINK:
                        self._unlink(seq, int.from_bytes(head[20:24], "big"))
                        continue
                    _, length, _, _, _, setup = _SUBMIT_BODY.unpack(head[20:])
                    if endpoint:
                        self._queue(seq, length)
                    elif direction:
                        self._answer_control(seq, self._control(setup, b""), length)
                    else:
                        self._answer_control(seq, self._control(setup, stream.read(length)), length)
        except (OSError, ValueError):
            pass  # the cable was pulled

    def _queue(self, seq: int, length: int) -> None:
        with self._arrived:
            self._waiting.append((seq, length))
            self._arrived.notify_all()

    def _answer_control(self, seq: int, reply: bytes | None, length: int) -> None:
        if reply is None:
            self._answer(seq, -_EPIPE, b"", 0)
        else:  # an empty reply acknowledges all that the host sent
            self._answer(seq, 0, reply[:length], len(reply[:length]) or length)

    def _answer(self, seq: int, status: int, payload: bytes, actual_length: int) -> None:
        head = _HEADER.pack(_RET_SUBMIT, seq, 0, 0, 0) + struct.pack(">5i8x", status, actual_length, 0, 0, 0)
        with self._arrived:
            self._ours.sendall(head + payload)

    def _unlink(self, seq: int, victim: int) -> None:
        with self._arrived:
            was_waiting = any(number == victim for number, _ in self._waiting)
            self._waiting = [transfer for transfer in self._waiting if transfer[0] != victim]
            status = -_ECONNRESET if was_waiting else 0
            self._ours.sendall(_HEADER.pack(_RET_UNLINK, seq, 0, 0, 0) + struct.pack(">i24x", status))
