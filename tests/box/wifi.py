"""`make test-wifi`: the image's network on radios of software: its own Wi-Fi, a telephone, a clinic's access points.

    python -m tests.box.wifi [--cases CASE ...]

An emulated machine boots the light image (make test-image ARGS=--light makes it) with three radios of mac80211_hwsim.
One is the box's, with the real NetworkManager, wpa_supplicant and nailfold-network; the second is a telephone, the
third the clinic's access point (the real hostapd), each in a network namespace of its own. Needs root, QEMU, and
apt-get for hostapd and iw.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.box.boot import boot, vm

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
PLACE = REPOSITORY / "build/wifi"
_MODULES = ("virtio_pci", "virtio_blk", "squashfs", "9pnet_virtio", "9p", "overlay")
_WITHOUT = (
    *("nailfold-station", "nailfold-firmware", "nailfold-engines", "nailfold-screen", "nailfold-confirm", "rauc"),
    *("avahi-daemon", "systemd-timesyncd", "systemd-binfmt", "systemd-update-utmp", "systemd-update-utmp-runlevel"),
)
_LINE = re.compile(r"^PROBE (\S+) ?(.*)$", re.MULTILINE)


def main() -> int:
    """Exit status 0 if every case went as it must."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=REPOSITORY / "build/light/good.squashfs")
    options.add_argument("--cases", nargs="*", default=[], help="of guest/wifi.py, or kinds of networks; default: all")
    options.add_argument("--timeout-s", type=float, default=3600.0, help="of the emulator's own time")
    options.add_argument("--report", type=Path, default=REPOSITORY / "build/reports/wifi.json")
    asked = options.parse_args()
    if not asked.root.exists():
        sys.exit(f"{asked.root} is not there; run: make image, then make test-image ARGS=--light")
    began_s = time.monotonic()
    extra = PLACE / "extra"
    lay_out(extra, asked.cases)
    output = boot(asked.root, extra, kernel_of(asked.root), asked.timeout_s, PLACE / "wifi.log", _MODULES)
    told = _LINE.findall(output)
    for key, value in told:
        print(key, value.strip())
    results = {key: value.strip() for key, value in told}
    failed = [value for key, value in told if key == "failed"]
    is_whole = "done" in results and not failed
    report = {"schema": "nailfold.wifi/1", "is_whole": is_whole, "failed": failed, "said": results}
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    print(f"{'every case went as it must' if is_whole else 'NOT whole'}: {time.monotonic() - began_s:.0f} s")
    return 0 if is_whole else 1


def kernel_of(root: Path) -> vm.Kernel:
    """The image's own, so that its modules fit."""
    place = PLACE / "kernel"
    if not (place / "boot/vmlinuz").exists() or place.stat().st_mtime < root.stat().st_mtime:
        shutil.rmtree(place, ignore_errors=True)
        parts = ("boot/vmlinuz", "usr/lib/modules")
        subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-d", place, root, *parts], check=True)
        place.touch()
    [modules] = (place / "usr/lib/modules").iterdir()
    return vm.Kernel(place / "boot/vmlinuz", modules)


def lay_out(extra: Path, cases: list[str]) -> None:
    """Over the image: this checkout's network programs, the clinic's hostapd, and the probe."""
    shutil.rmtree(extra, ignore_errors=True)
    packages = PLACE / "packages"
    if not list(packages.glob("hostapd_*.deb")):
        packages.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", "hostapd", "iw", "busybox"], cwd=packages, check=True)
    extra.mkdir(parents=True)
    for package in packages.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, extra / "packages"], check=True)
    (extra / "usr/sbin").mkdir(parents=True)
    (extra / "usr/lib/nailfold").mkdir(parents=True)
    for program in ("usr/sbin/hostapd", "usr/sbin/iw", "sbin/iw", "bin/busybox"):
        if (extra / "packages" / program).exists():
            shutil.copy(extra / "packages" / program, extra / "usr/sbin")
    shutil.rmtree(extra / "packages")
    image = REPOSITORY / "image-build/image"
    shutil.copytree(image / "programs/network", extra / "usr/lib/nailfold/network")
    shutil.copytree(image / "overlay/etc/NetworkManager", extra / "etc/NetworkManager")
    units = extra / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir(parents=True)
    shutil.copy(image / "overlay/usr/lib/systemd/system/nailfold-network.service", units)
    shutil.copy(HERE / "guest/nailfold-wifi-probe.service", units)
    for unit in ("nailfold-network", "nailfold-wifi-probe"):
        (units / f"multi-user.target.wants/{unit}.service").symlink_to(f"/etc/systemd/system/{unit}.service")
    # What has no part in it would only take the emulator's time.
    for unit in _WITHOUT:
        (units / f"{unit}.service").symlink_to("/dev/null")
    (extra / "probe").mkdir()
    (extra / "probe/cases").write_text("\n".join(cases))
    shutil.copy(HERE / "guest/wifi.py", extra / "probe")


if __name__ == "__main__":
    sys.exit(main())
