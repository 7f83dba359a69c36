"""What doctor sees of a computer, with computers that this one is not."""

import sys
import types
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.doctor import host_checks
from appliance.apps.doctor.host_checks import check_clock, check_disk, check_gpio, check_jetson_utils, check_tensorrt
from firmware.board import GpioChip, identify_board


def device_tree(root: Path, compatible: str) -> Path:
    folder = root / "proc/device-tree"
    folder.mkdir(parents=True)
    (folder / "compatible").write_bytes(compatible.encode())
    (folder / "model").write_bytes(b"NVIDIA Jetson Orin Nano Developer Kit\0")
    return root


@pytest.mark.parametrize(
    ("compatible", "name"),
    [
        ("nvidia,p3768-0000+p3767-0005\0nvidia,p3767-0005\0nvidia,tegra234\0", "jetson-orin"),
        ("nvidia,p3971-0080+p3834-0008\0nvidia,tegra264\0", "jetson-thor"),
        ("raspberrypi,5-model-b\0brcm,bcm2712\0", "generic"),
    ],
)
def test_a_board_is_known_by_its_soc(tmp_path: Path, compatible: str, name: str) -> None:
    board = identify_board(device_tree(tmp_path, compatible))
    assert (board.name, board.model) == (name, "NVIDIA Jetson Orin Nano Developer Kit")


def test_a_computer_without_a_device_tree_is_generic(tmp_path: Path) -> None:
    assert identify_board(tmp_path).name == "generic"


def distribution(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_the_pypi_package_of_nvidias_name_is_unmasked_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jetson_utils").mkdir()
    (tmp_path / "jetson_utils/__init__.py").write_text("raise SystemExit('somebody else runs code here')")
    distribution(tmp_path, "jetson_utils", "0.0.3")
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = check_jetson_utils(is_required=True)
    assert finding.is_fault
    assert "0.0.3 without NVIDIA's compiled module" in finding.seen
    assert "pip uninstall jetson-utils" in finding.remedy
    assert "jetson_utils" not in sys.modules


def test_a_broken_tensorrt_tells_its_own_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorrt.py").write_text("raise OSError('libnvinfer.so.10: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    finding = check_tensorrt("tensorrt", is_required=True)
    assert finding.is_fault
    assert "libnvinfer.so.10" in finding.seen


def test_a_working_tensorrt_tells_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("tensorrt")
    module.__version__ = "10.3.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    finding = check_tensorrt("tensorrt", is_required=True)
    assert (finding.is_found, finding.seen) == (True, "tensorrt-10.3")


def test_a_full_disk_and_one_that_cannot_be_written_are_faults(tmp_path: Path) -> None:
    assert not check_disk(tmp_path / "not/made/yet").is_fault
    full = check_disk(tmp_path, lowest_free_bytes=2**62)
    assert full.is_fault
    assert "Free at least" in full.remedy
    unwritable = check_disk(Path("/proc/nailfold"))
    assert unwritable.is_fault
    assert "cannot be written" in unwritable.seen


class _At:
    def __init__(self, year: int) -> None:
        self._year = year

    def now(self, _: timezone) -> datetime:
        return datetime(self._year, 1, 1, tzinfo=timezone.utc)


def test_a_clock_from_before_the_product_is_a_fault_and_an_unsynchronised_one_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_checks, "kernel_clock_error_us", lambda: 1_500)
    assert check_clock().is_found
    monkeypatch.setattr(host_checks, "kernel_clock_error_us", lambda: 16_000_000)
    unsynchronised = check_clock()
    assert not unsynchronised.is_found
    assert not unsynchronised.is_fault
    monkeypatch.setattr(host_checks, "datetime", _At(1970))
    assert check_clock().is_fault


def test_the_kernel_answers_the_question_for_its_clock_error() -> None:
    error_us = host_checks.kernel_clock_error_us()
    assert error_us is None or 0 <= error_us <= 10**9


def test_gpio_chips_are_told_by_label(monkeypatch: pytest.MonkeyPatch) -> None:
    chips = (GpioChip("/dev/gpiochip0", "tegra234-gpio", 164), GpioChip("/dev/gpiochip1", "tegra234-gpio-aon", 32))
    monkeypatch.setattr(host_checks, "gpio_chips", lambda: chips)
    assert check_gpio(False).seen == "/dev/gpiochip0 tegra234-gpio (164), /dev/gpiochip1 tegra234-gpio-aon (32)"


def test_a_chip_that_may_not_be_opened_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise PermissionError(13, "Permission denied", "/dev/gpiochip0")

    monkeypatch.setattr(host_checks, "gpio_chips", refused)
    finding = check_gpio(True)
    assert finding.is_fault
    assert "group gpio" in finding.remedy
