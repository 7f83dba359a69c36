"""Asking the driver, with a driver of Python in its place: what it answers and how it fails."""

import ctypes
from pathlib import Path
from typing import Any

import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.gpu import Gpu, describe_gpu, l4t_release


class Driver:
    """libcuda with one Orin; `failing` names functions that answer an error."""

    def __init__(self, failing: dict[str, int] | None = None) -> None:
        self._failing = failing or {}
        self._is_initialised = False

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            if name in self._failing:
                return self._failing[name]
            return int(getattr(self, f"_{name}")(*arguments))

        return call

    def _cuInit(self, flags: int) -> int:  # noqa: N802
        self._is_initialised = flags == 0
        return 0

    def _cuDriverGetVersion(self, version: Any) -> int:  # noqa: N802
        ctypes.cast(version, ctypes.POINTER(ctypes.c_int))[0] = 12060
        return 0

    def _cuDeviceGet(self, device: Any, ordinal: int) -> int:  # noqa: N802
        ctypes.cast(device, ctypes.POINTER(ctypes.c_int))[0] = 40 + ordinal
        return 0 if self._is_initialised else 3

    def _cuDeviceGetName(self, name: Any, size: int, device: ctypes.c_int) -> int:  # noqa: N802
        ctypes.memmove(name, b"Orin\0", 5)
        return 0 if (size, device.value) == (128, 40) else 101

    def _cuDeviceGetAttribute(self, value: Any, attribute: int, device: ctypes.c_int) -> int:  # noqa: N802
        ctypes.cast(value, ctypes.POINTER(ctypes.c_int))[0] = {75: 8, 76: 7}[attribute]
        return 0 if device.value == 40 else 101


def test_the_gpu_is_described(tmp_path: Path) -> None:
    release = tmp_path / "nv_tegra_release"
    release.write_text("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: ...\n")
    assert describe_gpu(Driver(), release) == Gpu("Orin", "8.7", "12.6", "36.4.3")


@pytest.mark.parametrize("failing", ["cuInit", "cuDeviceGet", "cuDeviceGetAttribute"])
def test_a_driver_that_fails_is_named(failing: str) -> None:
    with pytest.raises(InferenceError, match=f"{failing} answered CUDA error 100") as failure:
        describe_gpu(Driver({failing: 100}))
    assert failure.value.remedy


def test_a_computer_without_a_driver_is_told_in_one_line() -> None:
    if Path("/proc/driver/nvidia/version").exists() or Path("/etc/nv_tegra_release").exists():
        pytest.skip("this computer has an NVIDIA driver")
    with pytest.raises(InferenceError, match="there is no driver") as failure:
        describe_gpu()
    assert "\n" not in str(failure.value)
    assert "onnxruntime" in failure.value.remedy


def test_other_computers_have_no_jetson_release(tmp_path: Path) -> None:
    assert l4t_release(tmp_path / "missing") is None
    (tmp_path / "odd").write_text("something else")
    assert l4t_release(tmp_path / "odd") is None
