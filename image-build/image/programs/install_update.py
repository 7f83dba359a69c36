#!/usr/bin/python3
"""What a stick asks of the box before the station starts, or the update that the station asks for.

A stick is a FAT volume that is called NAILFOLD. A file *.raucb is an update; a bundle that a slot already holds is left
alone, also one that was taken back: the stick may stay where it is. A file erase-ID, with the box's id from its screen,
erases everything for good at the next start; afterwards the box has another id, so it happens once. A file site.toml
takes the place of settings that cannot be used, and of no others.

The station asks by a file wanted.json in its folder, once it has fetched and checked a bundle; each wish is tried once,
and what came of it is kept beside the reasons of confirm_slot.py.
"""

import contextlib
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

STICK = Path("/media/update")
KEY = Path("/dev/disk/by-partlabel/key")
MACHINE_ID = Path("/etc/machine-id")
ERASE_MAGIC, ERASE_AT = b"NAILFOLD-ERASE\n", 4096
"""As data-partition.sh reads the request."""
WISHES = Path("/var/lib/nailfold/system-update")
DATA = Path("/data")
OUTCOME = DATA / "update/outcome.json"
LEAST_ROOM_BYTES = 1 << 20
"""What root still has of the partition; a station that fills it leaves root a twentieth."""
STATION = "nailfold-station.service"
SITE = Path("/etc/nailfold/site.toml")
SITE_NAMES = ("site.toml", "site.toml.txt")
"""Windows hides a second ending."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


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
    """Of a box with a key: the initramfs of the next start does it. On the disk when this returns. Raises OSError."""
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
    """One bundle at most: what a person has plugged in goes first."""
    if is_erase_asked(STICK, MACHINE_ID.read_text()):
        print("the stick asks to erase this box; restarting", flush=True)
        if (Path(__file__).resolve().parent / "data_partition.py").exists():
            importlib.import_module("data_partition").ask_to_erase()
        else:
            ask_to_erase(KEY)
        subprocess.run(["systemctl", "reboot"], check=True)
        return
    mend_settings(STICK, SITE)
    bundles = sorted(STICK.glob("*.raucb"))
    if bundles:
        _install_from_stick(str(bundles[-1]))
        return
    wish = wanted(WISHES, OUTCOME)
    if wish is not None:
        _install_as_asked(wish)


def mend_settings(stick: Path, site: Path) -> None:
    """A stick's site.toml in the place of settings with which nothing starts; those that can be used stay.

    A new box has taken the stick's before this (data-partition.sh). What cannot be used is kept beside it.
    """
    brought = next((file for name in SITE_NAMES if (file := stick / name).is_file()), None)
    if brought is None or not (wrong := _wrong_in(site)):
        return
    if still_wrong := _wrong_in(brought):
        print(f"the settings cannot be used, and neither can those of the stick: {still_wrong}", flush=True)
        return
    if site.exists():
        site.replace(site.with_suffix(".unusable"))
    write_durably(site, brought.read_bytes())
    print(f"the settings could not be used ({wrong}); those of the stick are in their place", flush=True)


def _wrong_in(site: Path) -> str:
    """What `nailfold config check` says against it; empty where it is right."""
    if not site.exists():
        return f"{site} is not there"
    done = subprocess.run(["nailfold", "config", "check", str(site)], check=False, capture_output=True, text=True)
    return (
        "" if done.returncode == 0 else " ".join((done.stdout or done.stderr).split()) or "nailfold config check failed"
    )


def wanted(wishes: Path, outcome: Path) -> dict[str, str] | None:
    """What the station asks for; None where it asks for nothing, or was answered. A wish without sense is none."""
    try:
        wish = json.loads((wishes / "wanted.json").read_text())
        job_id, bundle = str(wish["job_id"]), str(wish["bundle"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    try:
        answered = json.loads(outcome.read_text()).get("job_id")
    except (OSError, ValueError):
        answered = None
    # A name alone: the station may name nothing outside of its own folder.
    return {"job_id": job_id, "bundle": bundle} if _NAME.fullmatch(bundle) and answered != job_id else None


def target_slot(status: dict[str, Any]) -> str:
    """Bootname of the slot that does not run, from `rauc status --output-format=json`."""
    [name] = [slot["bootname"] for entry in status["slots"] for slot in entry.values() if slot["state"] == "inactive"]
    return str(name)


def room_problem(place: Path) -> str:
    """Why RAUC could not keep what it did; it finds out only after it has written a whole slot. Empty where it can."""
    told = os.statvfs(place)
    is_full = told.f_bfree * told.f_frsize < LEAST_ROOM_BYTES or (told.f_files > 0 and told.f_ffree == 0)
    return f"the data partition is full ({place})" if is_full else ""


def _install_from_stick(bundle: str) -> None:
    digest = image_digest(_told("rauc", "info", "--output-format=json", bundle))
    if digest in held(_told("rauc", "status", "--detailed", "--output-format=json")):
        print(f"{bundle} is or was installed already", flush=True)
        return
    if problem := room_problem(DATA):
        print(f"not installed: {problem}", flush=True)
        return
    print(f"installing {bundle}", flush=True)
    # Else its trial would wait for a measurement that nobody has asked for.
    OUTCOME.unlink(missing_ok=True)
    subprocess.run(["rauc", "install", bundle], check=True)
    print("installed; restarting into it", flush=True)
    subprocess.run(["systemctl", "reboot"], check=True)


def _install_as_asked(wish: dict[str, str]) -> None:
    """The station stands still meanwhile: no exam is written to beside hundreds of megabytes."""
    if problem := room_problem(DATA):
        print(f"not installed: {problem}", flush=True)
        with contextlib.suppress(OSError):
            _keep_outcome({"job_id": wish["job_id"], "slot": "", "reason": problem})
        return
    bundle = WISHES / wish["bundle"]
    print(f"installing {bundle}, as the fleet asks", flush=True)
    subprocess.run(["systemctl", "stop", STATION], check=True)
    try:
        slot = target_slot(_told("rauc", "status", "--output-format=json"))
        done = subprocess.run(["rauc", "install", str(bundle)], check=False, capture_output=True, text=True)
    except (subprocess.CalledProcessError, ValueError, KeyError) as error:
        slot, done = "", subprocess.CompletedProcess((), 1, "", f"the slots cannot be read: {error}")
    reason = ""
    if done.returncode != 0:
        reason = ((done.stderr or done.stdout).strip().splitlines() or ["rauc gave no reason"])[-1]
    try:
        _keep_outcome({"job_id": wish["job_id"], "slot": slot, "reason": reason[:200]})
    except OSError as error:
        if not reason:
            # Nobody could tell its trial that a measurement is to be waited for: it must not start.
            subprocess.run(["rauc", "status", "mark-active", "booted"], check=False)
        reason = f"{OUTCOME} cannot be written: {error}"
    if reason:
        print(f"not installed: {reason}", flush=True)
        # Without waiting: the station is ordered behind this very unit.
        subprocess.run(["systemctl", "--no-block", "start", STATION], check=True)
        return
    print(f"installed into slot {slot}; restarting into it", flush=True)
    subprocess.run(["systemctl", "reboot"], check=True)


def _keep_outcome(outcome: dict[str, str]) -> None:
    OUTCOME.parent.mkdir(parents=True, exist_ok=True)
    write_durably(OUTCOME, json.dumps(outcome).encode())


def write_durably(path: Path, content: bytes) -> None:
    """On the disk before anything restarts; whole or not at all, for everybody to read. Raises OSError."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(0o644)
    fresh.replace(path)
    line = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(line)
    finally:
        os.close(line)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"install-update: {' '.join(error.cmd[:2])} failed: {(error.stderr or '').strip()}")
    except OSError as error:
        sys.exit(f"install-update: {error}")
