"""A USB GPIO expander made of software, behind the kernel's own hid-cp2112 driver: a real GPIO chip with edges.

The kernel's uhid hands the driver's reports to this process (Documentation/hid/uhid.rst, linux/uhid.h); what the device
answers is Silicon Labs' AN495, as far as the driver asks.

The device lives in a process of its own: lgpio keeps Python's lock while the kernel waits for the device's answer.
"""

import os
import select
import struct
import subprocess
import sys
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

    def __enter__(self) -> "Cp2112":
        self._device = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        deadline_s = time.monotonic() + 20
        while not list(Path("/sys/bus/hid/drivers/cp2112").glob("*/gpiochip*")):
            assert time.monotonic() < deadline_s, "the driver made no GPIO chip"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._device.communicate()

    def short(self, line: int, is_shorted: bool) -> None:
        """Close or open a contact between a line and ground."""
        self._ask(f"{'short' if is_shorted else 'open'} {line}")

    def is_high(self, line: int) -> bool:
        """What the box drives an output to."""
        return self._ask(f"level {line}") == "1"

    def _ask(self, question: str) -> str:
        assert self._device.stdin is not None
        assert self._device.stdout is not None
        self._device.stdin.write(question + "\n")
        return self._device.stdout.readline().strip()


class Device:
    """The device itself, until its standard input is closed."""

    def __init__(self) -> None:
        self._shorted = 0
        self._driven, self._outputs = 0xFF, 0
        self._descriptor = os.open(UHID, os.O_RDWR | os.O_CLOEXEC)

    def run(self) -> None:
        names = struct.pack("=128s64s64s", b"nailfold test expander", b"", b"")
        numbers = struct.pack("=HHIIII", len(_DESCRIPTOR), _BUS_USB, _VENDOR, _PRODUCT, 0x100, 0)
        os.write(self._descriptor, struct.pack("=I", _CREATE2) + names + numbers + _DESCRIPTOR.ljust(4096, b"\0"))
        while True:
            ready = select.select([self._descriptor, sys.stdin], [], [])[0]
            if self._descriptor in ready:
                self._answer(os.read(self._descriptor, _EVENT))
            elif not (question := sys.stdin.readline()):
                return
            else:
                print(self._told(*question.split()), flush=True)

    def _told(self, verb: str, line: str) -> int:
        bit = 1 << int(line)
        if verb == "level":
            return int(bool(self._driven & self._outputs & bit))
        self._shorted = self._shorted | bit if verb == "short" else self._shorted & ~bit
        return 0

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
        levels = (self._driven & self._outputs | ~self._outputs) & ~self._shorted & 0xFF
        known = {
            _GPIO_CONFIG: bytes((_GPIO_CONFIG, self._outputs, 0, 0, 0)),
            _GPIO_GET: bytes((_GPIO_GET, levels)),
            _VERSION: bytes((_VERSION, 12, 2)),
            _SMBUS: struct.pack(">BIBBHHBH", _SMBUS, 100_000, 2, 0, 0, 0, 0, 0),
        }
        return known.get(number, b"")

    def _take(self, number: int, data: bytes) -> None:
        if number == _GPIO_CONFIG:
            self._outputs = data[1]
        elif number == _GPIO_SET:
            self._driven = self._driven & ~data[2] | data[1] & data[2]


if __name__ == "__main__":
    Device().run()
