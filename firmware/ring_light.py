"""The ring light's brightness, by a hardware PWM in sysfs (kernel documentation, driver-api/pwm)."""

import time
from pathlib import Path
from typing import Protocol

from firmware.errors import FirmwareError
from firmware.pin_map import PwmChannel

_PERIOD_NS = 40_000
"""25 kHz: so many periods fall into one line of a rolling shutter that no bands are seen, and nobody hears it."""

_EXPORTED_WITHIN_S = 2.0


class RingLight(Protocol):
    """A light whose brightness can be set."""

    @property
    def level(self) -> float:
        """0 is dark, 1 is full."""

    def set(self, level: float) -> None:
        """Raises FirmwareError where the light cannot be set, ValueError outside of 0 to 1."""

    def close(self) -> None:
        """Dark."""


class PwmLight:
    """A light whose driver takes its brightness from a PWM.

    Args:
        root: where sysfs is; for tests.

    Raises:
        FirmwareError: there is no such PWM, or this user may not set it.
    """

    def __init__(self, place: PwmChannel, root: Path = Path("/sys")) -> None:
        self._channel = _exported(place, root / "class/pwm")
        self._level = 0.0
        # The duty cycle must never exceed the period, also on the way from an earlier period to this one.
        self._write("duty_cycle", 0)
        self._write("period", _PERIOD_NS)
        self._write("enable", 1)

    @property
    def level(self) -> float:
        return self._level

    def set(self, level: float) -> None:
        if not 0 <= level <= 1:
            raise ValueError(f"brightness {level}; use 0 to 1")
        self._write("duty_cycle", round(level * _PERIOD_NS))
        self._level = level

    def close(self) -> None:
        self._write("duty_cycle", 0)
        self._write("enable", 0)
        self._level = 0.0

    def _write(self, name: str, value: int) -> None:
        try:
            (self._channel / name).write_text(str(value), encoding="ascii")
        except OSError as error:
            raise _refused(self._channel / name, error) from error


def _exported(place: PwmChannel, pwm_class: Path) -> Path:
    chips = [chip for chip in sorted(pwm_class.glob("pwmchip*")) if (chip / "device").resolve().name == place.device]
    if not chips:
        there = ", ".join((chip / "device").resolve().name for chip in sorted(pwm_class.glob("pwmchip*"))) or "none"
        remedy = f"There are: {there}. On a Jetson the pin needs a device tree overlay that makes it a PWM."
        raise FirmwareError(f"there is no PWM device {place.device}", remedy)
    channel = chips[0] / f"pwm{place.channel}"
    if not channel.exists():
        try:
            (chips[0] / "export").write_text(str(place.channel), encoding="ascii")
        except OSError as error:
            raise _refused(chips[0] / "export", error) from error
    _wait_until_writable(channel)
    return channel


def _wait_until_writable(channel: Path) -> None:
    """udev gives the files of a new channel to our group only after the kernel has made them."""
    deadline_s = time.monotonic() + _EXPORTED_WITHIN_S
    while time.monotonic() < deadline_s:
        try:
            (channel / "duty_cycle").open("r+b").close()
        except OSError:
            time.sleep(0.01)
        else:
            return


def _refused(path: Path, error: OSError) -> FirmwareError:
    return FirmwareError(f"{path} cannot be written: {error.strerror}", "See systemd/udev/70-nailfold.rules.")
