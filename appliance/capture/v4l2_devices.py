"""Which cameras the kernel offers, and what it knows of each."""

import fcntl
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# From linux/videodev2.h: struct v4l2_capability is driver[16], card[32], bus_info[32], version, capabilities,
# device_caps, reserved[3]; VIDIOC_QUERYCAP is _IOR('V', 0, that).
_CAPABILITY = struct.Struct("=16s32s32sII I3I")
_VIDIOC_QUERYCAP = 0x80685600
_CAP_VIDEO_CAPTURE = 0x00000001
_CAP_STREAMING = 0x04000000
_CAP_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True)
class V4l2Capability:
    """What a node says of itself: driver "uvcvideo", the product's name, where it is connected, and what it can do."""

    driver: str
    card: str
    bus_info: str
    can_capture: bool


@dataclass(frozen=True)
class UsbIdentity:
    """A USB device as sysfs shows it; `port` ("1-1.2") names the socket, `serial` is empty where there is none."""

    vid_pid: str
    serial: str
    product: str
    port: str


@dataclass(frozen=True)
class V4l2Device:
    """A camera: its node, its capability, and its USB identity if it has one."""

    node: Path
    capability: V4l2Capability
    usb: UsbIdentity | None

    @property
    def name(self) -> str:
        """The maker's name for the product."""
        return self.usb.product if self.usb is not None and self.usb.product else self.capability.card

    @property
    def camera_id(self) -> str:
        """VID:PID:serial@socket, without a serial VID:PID@socket; else the bus.

        Makers give whole series one serial number (Dino-Lite: 200901010001): the socket alone tells two apart.
        """
        if self.usb is None:
            return f"{self.capability.driver}@{self.capability.bus_info}"
        if self.usb.serial:
            return f"{self.usb.vid_pid}:{self.usb.serial}@{self.usb.port}"
        return f"{self.usb.vid_pid}@{self.usb.port}"

    def matches(self, profile: str) -> bool:
        """Whether it is of a profile "VID:PID" or "VID:*"."""
        if self.usb is None:
            return False
        vid, pid = profile.split(":")
        return self.usb.vid_pid.startswith(f"{vid}:") and pid in ("*", self.usb.vid_pid.split(":")[1])


def query_capability(node: Path) -> V4l2Capability:
    """What the kernel says of a node. Raises OSError: ENOENT, ENODEV, EACCES, or ENOTTY for what is no V4L2 node."""
    buffer = bytearray(_CAPABILITY.size)
    descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _VIDIOC_QUERYCAP, buffer)
    finally:
        os.close(descriptor)
    driver, card, bus_info, _, device, own, *_ = _CAPABILITY.unpack(buffer)
    # `device` speaks for all nodes of the hardware, `own` for this one: metadata nodes differ there alone.
    caps = own if device & _CAP_DEVICE_CAPS else device
    return V4l2Capability(
        _text(driver), _text(card), _text(bus_info), bool(caps & _CAP_VIDEO_CAPTURE and caps & _CAP_STREAMING)
    )


def usb_identity(node: Path, sysfs: Path = Path("/sys")) -> UsbIdentity | None:
    """The USB device behind a video node; None for a camera that is not on USB."""
    entry = sysfs / "class" / "video4linux" / node.name / "device"
    if not entry.exists():
        return None
    interface = entry.resolve()
    for folder in (interface, *interface.parents):
        if (folder / "idVendor").is_file():
            return UsbIdentity(
                vid_pid=f"{_read(folder / 'idVendor')}:{_read(folder / 'idProduct')}".lower(),
                serial=_read(folder / "serial"),
                product=_read(folder / "product"),
                port=folder.name,
            )
    return None


def device_at(node: Path, sysfs: Path = Path("/sys")) -> V4l2Device:
    """The device of a node or of a link to it. Raises OSError as `query_capability` does."""
    real = Path(os.path.realpath(node))
    return V4l2Device(real, query_capability(real), usb_identity(real, sysfs))


def capture_devices(dev: Path = Path("/dev"), sysfs: Path = Path("/sys")) -> tuple[V4l2Device, ...]:
    """Every node that can capture and that may be opened, lowest number first; never a metadata node."""
    nodes = [node for node in dev.glob("video*") if node.name[5:].isdigit()]
    devices = []
    for node in sorted(nodes, key=lambda path: int(path.name[5:])):
        try:
            device = device_at(node, sysfs)
        except OSError:
            continue  # unplugged this moment, or not for this user
        if device.capability.can_capture:
            devices.append(device)
    return tuple(devices)


def preferred_device(devices: Sequence[V4l2Device], profiles: Sequence[str]) -> V4l2Device | None:
    """The first that matches the first profile that any matches, else the first UVC camera, else None."""
    for profile in profiles:
        for device in devices:
            if device.matches(profile):
                return device
    return next((device for device in devices if device.capability.driver == "uvcvideo"), None)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
