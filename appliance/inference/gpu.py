"""The computer's NVIDIA GPU, asked through its driver alone: no CUDA toolkit and no pycuda needed."""

import ctypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.domain.errors import InferenceError

_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR of cuda.h
L4T_RELEASE_FILE = Path("/etc/nv_tegra_release")


@dataclass(frozen=True)
class Gpu:
    """What a TensorRT plan depends on.

    Attributes:
        name: as the driver calls it.
        compute_capability: "8.7" for an Orin.
        cuda: highest CUDA version that the driver serves, "12.6".
        l4t: release of Jetson Linux, "36.4.3" (JetPack 6.2); None on other computers.
    """

    name: str
    compute_capability: str
    cuda: str
    l4t: str | None


def describe_gpu(driver: Any = None, l4t_file: Path = L4T_RELEASE_FILE) -> Gpu:
    """The first GPU.

    Args:
        driver: the loaded libcuda; None loads it.
        l4t_file: where Jetson Linux keeps its release.

    Raises:
        InferenceError: no driver, no GPU, or one that does not answer.
    """
    driver = driver if driver is not None else _load_driver()
    _call(driver, "cuInit", 0)
    version, device = ctypes.c_int(), ctypes.c_int()
    _call(driver, "cuDriverGetVersion", ctypes.byref(version))
    _call(driver, "cuDeviceGet", ctypes.byref(device), 0)
    name = ctypes.create_string_buffer(128)
    _call(driver, "cuDeviceGetName", name, len(name), device)
    capability = f"{_attribute(driver, device, _MAJOR)}.{_attribute(driver, device, _MINOR)}"
    cuda = f"{version.value // 1000}.{version.value % 1000 // 10}"
    return Gpu(name.value.decode(), capability, cuda, l4t_release(l4t_file))


def l4t_release(path: Path = L4T_RELEASE_FILE) -> str | None:
    """The release of Jetson Linux from a line like "# R36 (release), REVISION: 4.3, ..."; None elsewhere."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(r"R(\d+) \(release\), REVISION: ([\d.]+)", text)
    return f"{match[1]}.{match[2]}" if match else None


def _load_driver() -> Any:
    try:
        return ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise InferenceError(
            f"looking for an NVIDIA GPU failed: there is no driver ({error})",
            'Install the driver, or use inference.runtime = "onnxruntime".',
        ) from error


def _attribute(driver: Any, device: ctypes.c_int, attribute: int) -> int:
    value = ctypes.c_int()
    _call(driver, "cuDeviceGetAttribute", ctypes.byref(value), attribute, device)
    return value.value


def _call(driver: Any, function: str, *arguments: Any) -> None:
    status = getattr(driver, function)(*arguments)
    if status:
        raise InferenceError(
            f"looking for an NVIDIA GPU failed: {function} answered CUDA error {status}",
            'Check the driver with "nvidia-smi" (Jetson: restart the box), or use inference.runtime = "onnxruntime".',
        )
