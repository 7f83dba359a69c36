#!/usr/bin/python3
"""Installs the update of a stick, before the station starts: a file *.raucb on a FAT volume that is called NAILFOLD.

A bundle that a slot already holds is left alone, also one that was taken back: the stick may stay where it is.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

STICK = Path("/media/update")


def held(status: dict[str, Any]) -> set[str]:
    """Digests of the images that the slots were given, from `rauc status --detailed --output-format=json`."""
    slots = [slot for entry in status["slots"] for slot in entry.values()]
    checksums = [slot.get("slot_status", {}).get("checksum", {}).get("sha256", "") for slot in slots]
    return {checksum for checksum in checksums if checksum}


def image_digest(info: dict[str, Any]) -> str:
    """Of the one image of a bundle, from `rauc info --output-format=json`."""
    [image] = [image for entry in info["images"] for image in entry.values()]
    return str(image["checksum"])


def _told(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> None:
    """At most one bundle: the last by name."""
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
