"""Which computer this is and which GPIO chips it has; reads only, opens no line."""

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

# Device-tree "compatible" entries of the modules (NVIDIA L4T kernel, arch/arm64/boot/dts/nvidia).
JETSON_BY_SOC = {"nvidia,tegra234": "jetson-orin", "nvidia,tegra264": "jetson-thor"}
GENERIC = "generic"

# linux/gpio.h: GPIO_GET_CHIPINFO_IOCTL = _IOR(0xB4, 0x01, struct gpiochip_info) with name[32], label[32], u32 lines.
_GET_CHIPINFO = 0x8044B401
_CHIPINFO = struct.Struct("=32s32sI")


@dataclass(frozen=True)
class BoardModel:
    """The computer.

    Attributes:
        name: "jetson-orin", "jetson-thor" or "generic"; names the shipped settings file.
        model: as the device tree or DMI prints it; empty where neither does.
    """

    name: str
    model: str


@dataclass(frozen=True)
class GpioChip:
    """One GPIO character device; match by `label`, numbers change with the kernel."""

    path: str
    label: str
    lines: int


def identify_board(root: Path = Path("/")) -> BoardModel:
    """The board by its device tree; `root` is for tests and images that are not booted."""
    compatible = _read_text(root / "proc/device-tree/compatible").split("\0")
    name = next((board for soc, board in JETSON_BY_SOC.items() if soc in compatible), GENERIC)
    model = _read_text(root / "proc/device-tree/model") or _read_text(root / "sys/class/dmi/id/product_name")
    return BoardModel(name, model.strip("\0 \n"))


def gpio_chips(dev: Path = Path("/dev")) -> tuple[GpioChip, ...]:
    """Every GPIO chip of the kernel with its label.

    Raises:
        PermissionError: a chip exists that this user may not open.
    """
    return tuple(_chip_info(path) for path in sorted(dev.glob("gpiochip*")))


def _chip_info(path: Path) -> GpioChip:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        raw = fcntl.ioctl(descriptor, _GET_CHIPINFO, bytes(_CHIPINFO.size))
    finally:
        os.close(descriptor)
    _, label, lines = _CHIPINFO.unpack(raw)
    return GpioChip(str(path), label.rstrip(b"\0").decode("utf-8", "replace"), lines)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
