"""The hardware watchdog (kernel documentation, watchdog/watchdog-api)."""

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError

ANY = "any"
# linux/watchdog.h: WDIOC_SETTIMEOUT = _IOWR('W', 6, int).
_SET_TIMEOUT = 0xC0045706
# Written before closing, it stops the watchdog; a process that dies does not write it, and the computer restarts.
_ORDERLY = b"V"
_SOFTWARE = "software watchdog"


@dataclass(frozen=True)
class WatchdogDevice:
    """One that the kernel offers."""

    path: Path
    identity: str


def find_watchdog(wanted: str, root: Path = Path("/")) -> WatchdogDevice:
    """The device whose identity contains `wanted`; "any": the first that is hardware. Numbers change, identities not.

    Raises:
        FirmwareError: there is none; names those that there are.
    """
    there = [
        WatchdogDevice(root / "dev" / entry.parent.name, entry.read_text(encoding="utf-8").strip())
        for entry in sorted((root / "sys/class/watchdog").glob("watchdog*/identity"))
    ]
    for device in there:
        identity = device.identity.lower()
        if wanted.lower() in identity or (wanted == ANY and _SOFTWARE not in identity):
            return device
    names = ", ".join(device.identity for device in there) or "none"
    raise FirmwareError(f"no hardware watchdog is {wanted!r}", f"There are: {names}. Set firmware.watchdog.")


class HardwareWatchdog:
    """A running watchdog: from now on it must be fed.

    Raises:
        FirmwareError: it cannot be opened, or does not take that time.
    """

    def __init__(self, device: WatchdogDevice, timeout_s: int) -> None:
        self.device = device
        remedy = "Let nobody else hold it (systemd's RuntimeWatchdogSec), and see systemd/udev/70-nailfold.rules."
        try:
            self._descriptor = os.open(device.path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                fcntl.ioctl(self._descriptor, _SET_TIMEOUT, struct.pack("=i", timeout_s))
            except OSError:
                self.close()  # it runs since it was opened
                raise
        except OSError as error:
            raise FirmwareError(f"the watchdog {device.path} cannot be used: {error.strerror}", remedy) from error

    def feed(self) -> None:
        os.write(self._descriptor, b"\0")

    def close(self) -> None:
        """Stop it: the firmware ends in order. Without this call the computer restarts after the time-out."""
        os.write(self._descriptor, _ORDERLY)
        os.close(self._descriptor)
