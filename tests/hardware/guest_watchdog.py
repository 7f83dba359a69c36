"""Runs in the virtual machine: the kernel's watchdog interface, on its software device."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from guest_modules import load

from firmware.errors import FirmwareError
from firmware.watchdog import HardwareWatchdog, WatchdogDevice, find_watchdog


@pytest.fixture(autouse=True, scope="module")
def driver() -> None:
    load("softdog")


@pytest.fixture
def device() -> WatchdogDevice:
    return find_watchdog("software")


def told(device: WatchdogDevice, name: str) -> str:
    return (Path("/sys/class/watchdog") / device.path.name / name).read_text().strip()


def test_it_runs_with_its_time_while_it_is_held_and_stops_in_order(device: WatchdogDevice) -> None:
    watchdog = HardwareWatchdog(device, 45)
    assert (told(device, "timeout"), told(device, "state")) == ("45", "active")
    watchdog.feed()
    watchdog.close()
    assert told(device, "state") == "inactive"


def test_a_second_holder_is_refused(device: WatchdogDevice) -> None:
    watchdog = HardwareWatchdog(device, 45)
    with pytest.raises(FirmwareError, match="busy"):
        HardwareWatchdog(device, 45)
    watchdog.close()


def test_a_time_that_it_cannot_keep_is_refused_and_it_is_stopped(device: WatchdogDevice) -> None:
    with pytest.raises(FirmwareError, match="cannot be used"):
        HardwareWatchdog(device, 10_000_000)
    assert told(device, "state") == "inactive"


def test_software_is_not_taken_for_hardware() -> None:
    with pytest.raises(FirmwareError, match="There are: Software Watchdog"):
        find_watchdog("any")
