"""Which watchdog is taken, and that a failed start leaves none running; the kernel's own is in tests/hardware."""

from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.watchdog import HardwareWatchdog, WatchdogDevice, find_watchdog


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, identity in enumerate(("Software Watchdog", "i6300ESB timer", "NVIDIA Tegra186 WDT")):
        folder = tmp_path / f"sys/class/watchdog/watchdog{number}"
        folder.mkdir(parents=True)
        (folder / "identity").write_text(identity + "\n")
    return tmp_path


def test_it_is_chosen_by_identity(root: Path) -> None:
    assert find_watchdog("tegra", root) == WatchdogDevice(root / "dev/watchdog2", "NVIDIA Tegra186 WDT")
    assert find_watchdog("software", root).path == root / "dev/watchdog0"


def test_any_means_hardware(root: Path) -> None:
    assert find_watchdog("any", root).identity == "i6300ESB timer"


def test_a_missing_one_is_named_with_those_that_there_are(root: Path, tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match=r"is 'intel'. There are: Software Watchdog, i6300ESB timer"):
        find_watchdog("intel", root)
    with pytest.raises(FirmwareError, match="There are: none"):
        find_watchdog("any", tmp_path / "nothing")


def test_one_that_refuses_its_time_is_stopped_again(tmp_path: Path) -> None:
    """A watchdog runs from the moment it is opened: left behind unfed it would restart the computer."""
    device = tmp_path / "watchdog0"
    device.touch()
    with pytest.raises(FirmwareError, match="cannot be used"):
        HardwareWatchdog(WatchdogDevice(device, "none"), 60)
    assert device.read_bytes() == b"V"


def test_one_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match="No such file"):
        HardwareWatchdog(WatchdogDevice(tmp_path / "none", "none"), 60)
