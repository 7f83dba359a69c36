"""`make test-box`: boots the installed package under systemd in a virtual machine, and writes what it saw.

python tests/box/boot.py --root build/box/root --report build/reports/box.json
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "hardware"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import cv2
import simplejpeg
import vm

from appliance.capture.open_source import open_source
from appliance.capture.settings import CaptureSettings
from tests.box.own_time import OwnTime
from tests.support.broker import Broker
from tests.support.exam_harness import BOX, SITE
from tests.support.subscriber import Subscriber

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
_BOOT_MODULES = (
    *("virtio_pci", "virtio_blk", "squashfs", "9pnet_virtio", "9p", "overlay", "uhid", "hid_cp2112"),
    *("virtio_net", "af_packet", "vhci_hcd", "uvcvideo", "i6300esb"),
)
_DEVICES = ("-device", "i6300esb", "-nic", "user,model=virtio-net-pci")
_LINE = re.compile(r"^PROBE (\S+) ?(.*)$", re.MULTILINE)
_KERNEL_SAYS = (
    "console=ttyS0 quiet net.ifnames=0 panic=-1 no_timer_check mitigations=off random.trust_cpu=on "
    "systemd.show_status=no "
    "systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info "
    # The doctor runs every network once more, which takes minutes in emulation.
    "systemd.mask=nailfold-first-boot.service "
    # Its login hangs up the line on which the probe writes, which then says nothing more.
    "systemd.mask=serial-getty@ttyS0.service"
)
_SITE = """
[firmware]
shutdown_file = "/run/nailfold-firmware/power-off"
board = "auto"
capture_pin = "cp2112_gpio:0"
freeze_pin = "cp2112_gpio:1"
led_pin = "cp2112_gpio:4"
watchdog = "i6300ESB"
watchdog_timeout_s = 300

[station]
data_dir = "/var/lib/nailfold"
[calibration]
um_per_px = 1.5
[mqtt]
enabled = true
host = "10.0.2.2"
port = {broker}
tls = false
site = "{site}"
box = "{box}"
"""
SLOW = """
# A picture takes half a minute in emulation on shared cores; one that is a second old is no longer shown on a box.
[exam]
max_frame_age_s = 600.0
history_s = 600.0
[live]
fps_window_s = 300.0
# What a box would choose for itself: its trial at the first start analyses twelve pictures before the first is shown.
[inference]
precision = "int8"
engine_cache_dir = "/opt/nailfold/lib/python3.11/site-packages/engines/weights"
[capture]
fps = 2.0
"""
_SCOPE = 'source = "v4l2:"\n'
"""Below `[capture]`: whatever the kernel's uvcvideo offers."""
_VIDEO_PICTURES = 40


def main() -> int:
    """Exit status 0 if the box came up, an exam was made by its buttons, and both services lived through it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=REPOSITORY / "build/box/root.squashfs")
    options.add_argument("--report", type=Path, default=REPOSITORY / "build/reports/box.json")
    options.add_argument("--timeout-s", type=float, default=3600.0, help="of the emulator's own time (own_time.py)")
    asked = options.parse_args()
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    if not asked.root.exists():
        sys.exit(f"{asked.root} is not there; run: tests/box/make_root.sh PACKAGE {asked.root.with_suffix('')}")
    extra, log = REPOSITORY / "build/box/extra", asked.report.with_suffix(".log")
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker") as broker:
        subscriber = Subscriber(broker.port, f"nailfold/v1/{SITE}/{BOX}/results/+")
        lay_out_extra(extra, broker.port)
        events: list[str] = []
        output = boot(asked.root, extra, vm._kernel(), asked.timeout_s, log, devices=_DEVICES, events=events)
        arrived = [arrival.document for arrival in subscriber.collect(quiet_s=2)]
    told = [(key, value.strip()) for key, value in _LINE.findall(output)]
    report = summary(told, output, [str(one["exam_id"]) for one in arrived], events)
    asked.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if report["is_whole"] else 1


def summary(
    told: list[tuple[str, str]], output: str, arrived: Sequence[str], events: Sequence[str]
) -> dict[str, object]:
    """What the report holds.

    Args:
        told: what the probe printed.
        output: all that was printed.
        arrived: exams that the broker outside of the machine has.
        events: QEMU's own.
    """
    said = dict(told)
    # The probe's last deed is to leave the watchdog without its feeder.
    is_reset = bool(events) and events[-2:] == ["WATCHDOG reset", "SHUTDOWN guest-reset"]
    units = dict(value.split(" ", 1) for key, value in told if key == "unit")
    is_whole = (
        "boot_to_live_s" in said
        and "done" in said
        and "failed" not in said
        and said.get("restarts") == "0 0"
        and said.get("after_kill", "").startswith("active")
        and said.get("exam_finished_by_button", "") in arrived
        and "replug_to_live_s" in said
        and is_reset
    )
    return {
        "schema": "nailfold.box/1",
        "is_whole": is_whole,
        "boot_to_live_s": float(said["boot_to_live_s"]) if "boot_to_live_s" in said else None,
        "replug_to_live_s": float(said["replug_to_live_s"].split()[0]) if "replug_to_live_s" in said else None,
        "arrived_outside": list(arrived),
        "events": list(events),
        "failed": [value for key, value in told if key == "failed"],
        "units": units,
        "said": {key: value for key, value in told if key not in ("unit", "failed")},
        "critical_chain": re.findall(r"^PROBE-CHAIN (.*)$", output, re.MULTILINE),
    }


def emulator(memory_mb: int) -> tuple[str, ...]:
    """QEMU as every box here runs: software emulation of a plain computer with two cores."""
    # With "max" of QEMU 7.2, which emulates AVX, the station crashed; why is not known.
    cpu = ("-cpu", "Nehalem", "-smp", "2", "-m", str(memory_mb))
    return ("qemu-system-x86_64", "-machine", "pc", "-accel", "tcg,thread=multi", *cpu)


def boot(
    root: Path,
    extra: Path,
    kernel: vm.Kernel,
    timeout_s: float,
    log: Path,
    modules: Sequence[str] = _BOOT_MODULES,
    devices: Sequence[str] = ("-nic", "none"),
    events: list[str] | None = None,
) -> str:
    """All that the machine prints until it powers off; it stands in the log as it comes.

    Args:
        root: a squashfs.
        extra: files copied over it.
        timeout_s: of the emulator's own time.
        modules: loaded before systemd starts.
        devices: of the machine, beside its disk.
        events: takes what QEMU itself has to tell: how it ended.
    """
    busybox = vm._static_busybox()
    log.parent.mkdir(parents=True, exist_ok=True)
    initramfs = extra.parent / f"initramfs-{os.getpid()}.cpio"
    initramfs.write_bytes(archive(kernel, busybox, modules))
    door = extra.parent / f"qmp-{os.getpid()}"
    shared = "local,security_model=none,readonly=on,multidevs=remap"
    disk = f"file={root},format=raw,if=virtio,readonly=on"
    command = [
        *emulator(memory_mb=4096),
        *("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", *devices),
        *("-qmp", f"unix:{door},server=on,wait=off"),
        *("-kernel", str(kernel.image), "-initrd", str(initramfs)),
        *("-append", _KERNEL_SAYS),
        *("-drive", disk, "-virtfs", f"{shared},path={extra},mount_tag=extra"),
    ]
    with log.open("wb") as printed:
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT)
        own_time = OwnTime(lambda: [machine.pid])
        heard = threading.Thread(target=hear, args=(door, machine, [] if events is None else events))
        heard.start()
        try:
            while machine.poll() is None:
                if own_time() > timeout_s:
                    printed.write(f"\nPROBE failed stopped after {timeout_s:g} s of its own time\n".encode())
                    break
                time.sleep(1.0)
        finally:
            machine.kill()
            machine.wait()
            heard.join()
            initramfs.unlink()
            door.unlink(missing_ok=True)
    return log.read_text(errors="replace").replace("\r", "")


def hear(door: Path, machine: subprocess.Popen[bytes], events: list[str]) -> None:
    """What QEMU tells until it ends: a watchdog that bit, and why the machine stopped."""
    with socket.socket(socket.AF_UNIX) as line, line.makefile("rw") as lines:
        # It is there a moment before it is listened at.
        while line.connect_ex(str(door)) != 0:
            if machine.poll() is not None:
                return
            time.sleep(0.05)
        lines.write('{"execute": "qmp_capabilities"}\n')
        lines.flush()
        for said in lines:
            document = json.loads(said)
            if document.get("event") in ("WATCHDOG", "SHUTDOWN"):
                data = document["data"]
                events.append(f"{document['event']} {data.get('action') or data.get('reason')}")


def lay_out_extra(extra: Path, broker: int) -> None:
    """What is copied over the root: the probe, board and scope, the settings, and that they are enabled.

    Args:
        broker: its port on this computer.
    """
    shutil.rmtree(extra, ignore_errors=True)
    units = extra / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir(parents=True)
    (extra / "probe").mkdir()
    for name in ("nailfold-probe.service", "nailfold-gpio.service", "nailfold-scope.service"):
        shutil.copy(HERE / "guest" / name, units)
        (units / "multi-user.target.wants" / name).symlink_to(f"/etc/systemd/system/{name}")
    own = (HERE / "guest" / name for name in ("probe.sh", "exam.py", "scope.py"))
    names = ("cp2112.py", "usb_scope.py", "usb_scope_descriptors.py", "usbip.py")
    for source in (*own, *(REPOSITORY / "tests/hardware" / name for name in names)):
        shutil.copy(source, extra / "probe")
    write_video(extra / "probe/nailfold")
    (extra / "probe/probe.sh").chmod(0o755)
    (extra / "etc/nailfold").mkdir()
    (extra / "etc/nailfold/site.toml").write_text(_SITE.format(broker=broker, site=SITE, box=BOX) + SLOW + _SCOPE)


def write_video(folder: Path) -> None:
    """A nailfold under a hand that moves, as the scope's JPEGs of 640x480."""
    folder.mkdir(parents=True)
    still = REPOSITORY / "appliance/apps/engines/reference/reference-7101.jpg"
    source = open_source(f"file:{still}?motion=1&fps=5", CaptureSettings())
    source.open()
    for number in range(_VIDEO_PICTURES):
        while (frame := source.read(5.0)) is None:
            continue
        # What moves is a part of the still.
        image_rgb = cv2.resize(frame.image_rgb, (640, 480))
        jpeg = simplejpeg.encode_jpeg(image_rgb, quality=90, colorspace="RGB")
        (folder / f"{number:03}.jpg").write_bytes(jpeg)
    source.close()


INIT_BEGINS = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /dev /lower /memory /new
mount -t proc proc /proc
mount -t devtmpfs dev /dev
"""
"""What every initramfs of ours does first; then it loads its modules."""


def archive(kernel: vm.Kernel, busybox: Path, modules: Sequence[str]) -> bytes:
    """An initramfs that stacks memory over the root and hands over to systemd."""
    files = kernel.files_for(modules)
    how, layers = (
        "trans=virtio,version=9p2000.L,ro,msize=512000",
        "lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work",
    )
    load = "\n".join(f"insmod /modules/{path.name}" for path in files)
    script = f"""{INIT_BEGINS}{load}
if [ -e /sys/class/net/eth0 ] || ip link show eth0 >/dev/null 2>&1; then
    ip address add 10.0.2.15/24 dev eth0
    ip link set eth0 up
    ip route add default via 10.0.2.2
fi
mount -t squashfs -o ro /dev/vda /lower || echo "PROBE failed no root on the disk"
mount -t tmpfs -o size=2g memory /memory
mkdir /memory/upper /memory/work /memory/extra
mount -t overlay -o {layers} overlay /new || echo "PROBE failed no overlay"
mount -t 9p -o {how} extra /memory/extra
cp -a /memory/extra/. /new/
chown -R 0:0 /new/probe /new/etc
umount /memory/extra
exec switch_root /new /sbin/init
"""
    entries = [("bin", 0o040755, b""), ("modules", 0o040755, b"")]
    entries += [("bin/busybox", 0o100755, busybox.read_bytes()), ("init", 0o100755, script.encode())]
    entries += [(f"modules/{path.name}", 0o100644, path.read_bytes()) for path in files]
    packed = b"".join(vm._cpio_entry(number, *entry) for number, entry in enumerate(entries, 1))
    return packed + vm._cpio_entry(0, "TRAILER!!!", 0, b"")


if __name__ == "__main__":
    began_s = time.monotonic()
    status = main()
    print(f"{time.monotonic() - began_s:.0f} s")
    sys.exit(status)
