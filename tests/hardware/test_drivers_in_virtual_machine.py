"""Cameras, pins and watchdog against real kernel drivers in a virtual machine: what runs there is guest_main.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from vm import GuestRun, NoVirtualMachine, run_in_guest

_MODULES = ("vhci_hcd", "uvcvideo", "vivid", "uhid", "hid_cp2112", "softdog")

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def run() -> GuestRun:
    try:
        return run_in_guest(["tests/hardware/guest_main.py"], _MODULES, timeout_s=240)
    except NoVirtualMachine as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("part", ["usb-scope", "vivid", "contract"])
def test_capture_works_on_real_drivers_and_survives_the_cable(run: GuestRun, part: str) -> None:
    assert f"PART {part} 0\n" in run.output, run.output


@pytest.mark.parametrize("part", ["board", "watchdog"])
def test_buttons_lamp_and_watchdog_work_on_real_drivers(run: GuestRun, part: str) -> None:
    assert f"PART {part} 0\n" in run.output, run.output


def test_the_guest_came_to_its_end(run: GuestRun) -> None:
    assert run.status == 0, run.output
