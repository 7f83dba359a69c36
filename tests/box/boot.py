"""`make test-box`: boots the installed package under systemd in a virtual machine, and writes what it saw.

python tests/box/boot.py --root build/box/root --report build/reports/box.json
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "hardware"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import vm

from tests.box.own_time import OwnTime

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
_BOOT_MODULES = (
    *("virtio_pci", "virtio_blk", "squashfs", "9pnet_virtio", "9p", "overlay", "uhid", "hid_cp2112", "softdog"),
)
_LINE = re.compile(r"^PROBE (\S+) ?(.*)$", re.MULTILINE)
_KERNEL_SAYS = (
    "console=ttyS0 quiet panic=-1 no_timer_check mitigations=off random.trust_cpu=on systemd.show_status=no "
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
watchdog = "software"

[station]
data_dir = "/var/lib/nailfold"
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
    extra = REPOSITORY / "build/box/extra"
    lay_out_extra(extra)
    output = boot(asked.root, extra, vm._kernel(), asked.timeout_s, asked.report.with_suffix(".log"))
    told = [(key, value.strip()) for key, value in _LINE.findall(output)]
    report = summary(told, output)
    asked.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if report["is_whole"] else 1


def summary(told: list[tuple[str, str]], output: str) -> dict[str, object]:
    """What the report holds."""
    said = dict(told)
    units = dict(value.split(" ", 1) for key, value in told if key == "unit")
    is_whole = (
        "boot_to_live_s" in said
        and "done" in said
        and "failed" not in said
        and said.get("restarts") == "0 0"
        and said.get("after_kill", "").startswith("active")
        and said.get("exam_finished_by_button") == "yes"
    )
    return {
        "schema": "nailfold.box/1",
        "is_whole": is_whole,
        "boot_to_live_s": float(said["boot_to_live_s"]) if "boot_to_live_s" in said else None,
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
    root: Path, extra: Path, kernel: vm.Kernel, timeout_s: float, log: Path, modules: Sequence[str] = _BOOT_MODULES
) -> str:
    """All that the machine prints until it powers off; it stands in the log as it comes.

    Args:
        root: a squashfs.
        extra: files copied over it.
        timeout_s: of the emulator's own time.
        modules: loaded before systemd starts.
    """
    busybox = vm._static_busybox()
    log.parent.mkdir(parents=True, exist_ok=True)
    initramfs = extra.parent / f"initramfs-{os.getpid()}.cpio"
    initramfs.write_bytes(archive(kernel, busybox, modules))
    shared = "local,security_model=none,readonly=on,multidevs=remap"
    disk = f"file={root},format=raw,if=virtio,readonly=on"
    command = [
        *emulator(memory_mb=4096),
        *("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none"),
        *("-kernel", str(kernel.image), "-initrd", str(initramfs)),
        *("-append", _KERNEL_SAYS),
        *("-drive", disk, "-virtfs", f"{shared},path={extra},mount_tag=extra"),
    ]
    with log.open("wb") as printed:
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT)
        own_time = OwnTime(lambda: [machine.pid])
        try:
            while machine.poll() is None:
                if own_time() > timeout_s:
                    printed.write(f"\nPROBE failed stopped after {timeout_s:g} s of its own time\n".encode())
                    break
                time.sleep(1.0)
        finally:
            machine.kill()
            machine.wait()
            initramfs.unlink()
    return log.read_text(errors="replace").replace("\r", "")


def lay_out_extra(extra: Path) -> None:
    """What is copied over the root: the probe, the board, its settings, and that they are enabled."""
    shutil.rmtree(extra, ignore_errors=True)
    units = extra / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir(parents=True)
    (extra / "probe").mkdir()
    for name in ("nailfold-probe.service", "nailfold-gpio.service"):
        shutil.copy(HERE / "guest" / name, units)
        (units / "multi-user.target.wants" / name).symlink_to(f"/etc/systemd/system/{name}")
    for source in (HERE / "guest/probe.sh", HERE / "guest/exam.py", REPOSITORY / "tests/hardware/cp2112.py"):
        shutil.copy(source, extra / "probe")
    (extra / "probe/probe.sh").chmod(0o755)
    (extra / "etc/nailfold").mkdir()
    (extra / "etc/nailfold/site.toml").write_text(_SITE + SLOW)


def archive(kernel: vm.Kernel, busybox: Path, modules: Sequence[str]) -> bytes:
    """An initramfs that stacks memory over the root and hands over to systemd."""
    files = kernel.files_for(modules)
    how, layers = (
        "trans=virtio,version=9p2000.L,ro,msize=512000",
        "lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work",
    )
    load = "\n".join(f"insmod /modules/{path.name}" for path in files)
    script = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /dev /lower /memory /new
mount -t proc proc /proc
mount -t devtmpfs dev /dev
{load}
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
