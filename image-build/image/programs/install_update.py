#!/usr/bin/python3
"""What a stick asks of the box, before the station starts; it is a FAT volume that is called NAILFOLD.

A file *.raucb is an update. A bundle that a slot already holds is left alone, also one that was taken back: the stick
may stay where it is. A file erase-ID, with the box's id from its screen, erases everything for good at the next start;
afterwards the box has another id, so it happens once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

STICK = Path("/media/update")
KEY = Path("/dev/disk/by-partlabel/key")
MACHINE_ID = Path("/etc/machine-id")
ERASE_MAGIC, ERASE_AT = b"NAILFOLD-ERASE\n", 4096
"""As data-partition.sh reads the request."""


def held(status: dict[str, Any]) -> set[str]:
    """Digests of the images that the slots were given, from `rauc status --detailed --output-format=json`."""
    slots = [slot for entry in status["slots"] for slot in entry.values()]
    checksums = [slot.get("slot_status", {}).get("checksum", {}).get("sha256", "") for slot in slots]
    return {checksum for checksum in checksums if checksum}


def image_digest(info: dict[str, Any]) -> str:
    """Of the one image of a bundle, from `rauc info --output-format=json`."""
    [image] = [image for entry in info["images"] for image in entry.values()]
    return str(image["checksum"])


def is_erase_asked(stick: Path, machine_id: str) -> bool:
    """Whether the stick names this very box."""
    return (stick / f"erase-{machine_id.strip()[:8]}").exists()


def ask_to_erase(key: Path) -> None:
    """The initramfs of the next start does it. On the disk when this returns. Raises OSError."""
    line = os.open(key, os.O_WRONLY | os.O_SYNC)
    try:
        os.pwrite(line, ERASE_MAGIC.ljust(4096, b"\0"), ERASE_AT)
        os.fsync(line)
    finally:
        os.close(line)


def _told(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> None:
    """At most one bundle: the last by name."""
    if is_erase_asked(STICK, MACHINE_ID.read_text()):
        print("the stick asks to erase this box; restarting", flush=True)
        ask_to_erase(KEY)
        subprocess.run(["systemctl", "reboot"], check=True)
        return
    bundles = sorted(STICK.glob("*.raucb"))
    if not bundles:
        return
    bundle = str(bundles[-1])
    digest = image_digest(_told("rauc", "info", "--output-format=json", bundle))
    if digest in held(_told("rauc", "status", "--detailed", "--output-format=json")):
        print(f"{bundle} is or was installed already", flush=True)
        return
    print(f"installing {bundle}", flush=True)
    subprocess.run(["rauc", "install", bundle], check=True)
    print("installed; restarting into it", flush=True)
    subprocess.run(["systemctl", "reboot"], check=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"install-update: {' '.join(error.cmd[:2])} failed: {(error.stderr or '').strip()}")
