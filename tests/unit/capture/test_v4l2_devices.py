from pathlib import Path

import pytest

from appliance.capture.v4l2_devices import (
    UsbIdentity,
    V4l2Capability,
    V4l2Device,
    capture_devices,
    preferred_device,
    query_capability,
    usb_identity,
)


def usb_camera(sysfs: Path, node: str, port: str, **facts: str) -> Path:
    """A sysfs tree as the kernel lays it out: the video node points to an interface below the USB device."""
    device = sysfs / "devices" / "pci0000:00" / "usb1" / port
    interface = device / f"{port}:1.0"
    interface.mkdir(parents=True)
    for name, value in facts.items():
        (device / name).write_text(value + "\n")
    entry = sysfs / "class" / "video4linux" / node
    entry.mkdir(parents=True)
    (entry / "device").symlink_to(interface)
    return sysfs


def device(node: str, vid_pid: str, serial: str = "", port: str = "1-1", driver: str = "uvcvideo") -> V4l2Device:
    usb = UsbIdentity(vid_pid, serial, "Scope", port) if vid_pid else None
    return V4l2Device(Path("/dev") / node, V4l2Capability(driver, "Card", "usb-0000:00-1", True), usb)


def test_identity_is_read_from_the_usb_device_above_the_node(tmp_path: Path) -> None:
    sysfs = usb_camera(tmp_path, "video0", "1-1.2", idVendor="A168", idProduct="0990", product="Dino-Lite Premier")
    assert usb_identity(Path("/dev/video0"), sysfs) == UsbIdentity("a168:0990", "", "Dino-Lite Premier", "1-1.2")


def test_a_camera_that_is_not_on_usb_has_no_usb_identity(tmp_path: Path) -> None:
    (tmp_path / "class" / "video4linux" / "video0").mkdir(parents=True)
    assert usb_identity(Path("/dev/video0"), tmp_path) is None


def test_camera_id_holds_the_serial_where_there_is_one() -> None:
    assert device("video0", "a168:0990", "SN42").camera_id == "a168:0990:SN42@1-1"


def test_two_cameras_with_the_same_serial_are_told_apart_by_their_socket() -> None:
    one, other = (device("video0", "a168:0980", "200901010001", port) for port in ("1-1", "1-2"))
    assert one.camera_id != other.camera_id


def test_two_cameras_without_a_serial_are_told_apart_by_their_socket() -> None:
    left, right = device("video0", "a168:0990", port="1-1"), device("video2", "a168:0990", port="1-2")
    assert left.camera_id != right.camera_id
    assert left.camera_id == "a168:0990@1-1"


def test_a_profile_wins_over_a_lower_node_number() -> None:
    webcam, scope = device("video0", "046d:0825"), device("video2", "a168:0980")
    assert preferred_device([webcam, scope], ["a168:*"]) is scope
    assert preferred_device([webcam, scope], ["a168:0990", "046d:0825"]) is webcam


def test_without_a_profile_the_first_usb_camera_is_taken_and_nothing_else() -> None:
    loopback, webcam = device("video0", "", driver="v4l2 loopback"), device("video1", "046d:0825")
    assert preferred_device([loopback, webcam], ["a168:*"]) is webcam
    assert preferred_device([loopback], ["a168:*"]) is None


def test_a_vendor_prefix_does_not_match_another_vendor() -> None:
    assert not device("video0", "a168:0990").matches("a16:*")
    assert not device("video0", "a168:0990").matches("a168:0980")


def test_nodes_that_cannot_be_asked_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    (tmp_path / "videograbber").write_bytes(b"")
    assert capture_devices(dev=tmp_path, sysfs=tmp_path) == ()


def test_asking_something_that_is_no_video_node_raises_oserror() -> None:
    with pytest.raises(OSError, match="ioctl"):
        query_capability(Path("/dev/null"))
