"""A USB GPIO expander made of software, behind the kernel's own hid-cp2112 driver: a real GPIO chip with edges.

The kernel's uhid hands the driver's reports to this process (Documentation/hid/uhid.rst, linux/uhid.h); what the device
answers is Silicon Labs' AN495, as far as the driver asks.
"""

import os
import select
import struct
import threading
import time
from pathlib import Path

UHID = Path("/dev/uhid")
LABEL = "cp2112_gpio"
_EVENT = 4 + 4096 + 280  # struct uhid_event: its largest member is uhid_create2_req
_CREATE2, _GET_REPORT, _GET_REPORT_REPLY, _SET_REPORT, _SET_REPORT_REPLY = 11, 9, 10, 13, 14
_VENDOR, _PRODUCT, _BUS_USB = 0x10C4, 0xEA90, 3
# A vendor's collection with one input and one output report; the driver asks by number and never looks in here.
_DESCRIPTOR = bytes.fromhex("0600ff0901a1010902150026ff00750895408102090291020903953fb102c0")
_GPIO_CONFIG, _GPIO_GET, _GPIO_SET, _VERSION, _SMBUS = 2, 3, 4, 5, 6


class Cp2112:
    """Eight lines, all pulled up; `short` is the operator's contact to ground. Usable with `with`."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._shorted = 0
        self._driven, self._outputs = 0xFF, 0
        self._descriptor = os.open(UHID, os.O_RDWR | os.O_CLOEXEC)
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cp2112", daemon=True)

    def __enter__(self) -> "Cp2112":
        names = struct.pack("=128s64s64s", b"nailfold test expander", b"", b"")
        numbers = struct.pack("=HHIIII", len(_DESCRIPTOR), _BUS_USB, _VENDOR, _PRODUCT, 0x100, 0)
        os.write(self._descriptor, struct.pack("=I", _CREATE2) + names + numbers + _DESCRIPTOR.ljust(4096, b"\0"))
        self._thread.start()
        deadline_s = time.monotonic() + 20
        while not list(Path("/sys/bus/hid/drivers/cp2112").glob("*/gpiochip*")):
            assert time.monotonic() < deadline_s, "the driver made no GPIO chip"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping.set()
        self._thread.join()
        os.close(self._descriptor)

    def short(self, line: int, is_shorted: bool) -> None:
        """Close or open a contact between a line and ground."""
        with self._guard:
            self._shorted = self._shorted | 1 << line if is_shorted else self._shorted & ~(1 << line)

    def is_high(self, line: int) -> bool:
        """What the box drives an output to."""
        with self._guard:
            return bool(self._driven & self._outputs & 1 << line)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            if select.select([self._descriptor], [], [], 0.1)[0]:
                self._answer(os.read(self._descriptor, _EVENT))

    def _answer(self, event: bytes) -> None:
        kind = struct.unpack_from("=I", event)[0]
        if kind == _GET_REPORT:
            request, number = struct.unpack_from("=IB", event, 4)
            data = self._report(number)
            reply = struct.pack("=IIHH", _GET_REPORT_REPLY, request, 0 if data else 5, len(data)) + data
            os.write(self._descriptor, reply.ljust(_EVENT, b"\0"))
        elif kind == _SET_REPORT:
            request, number = struct.unpack_from("=IB", event, 4)
            self._take(number, event[12:])
            os.write(self._descriptor, struct.pack("=IIH", _SET_REPORT_REPLY, request, 0).ljust(_EVENT, b"\0"))

    def _report(self, number: int) -> bytes:
        with self._guard:
            levels = (self._driven & self._outputs | ~self._outputs) & ~self._shorted & 0xFF
            known = {
                _GPIO_CONFIG: bytes((_GPIO_CONFIG, self._outputs, 0, 0, 0)),
                _GPIO_GET: bytes((_GPIO_GET, levels)),
                _VERSION: bytes((_VERSION, 12, 2)),
                _SMBUS: struct.pack(">BIBBHHBH", _SMBUS, 100_000, 2, 0, 0, 0, 0, 0),
            }
            return known.get(number, b"")

    def _take(self, number: int, data: bytes) -> None:
        with self._guard:
            if number == _GPIO_CONFIG:
                self._outputs = data[1]
            elif number == _GPIO_SET:
                self._driven = self._driven & ~data[2] | data[1] & data[2]
