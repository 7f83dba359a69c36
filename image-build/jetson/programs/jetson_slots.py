#!/usr/bin/python3
"""Which root file system of a Jetson starts next, as RAUC's custom bootloader backend over NVIDIA's nvbootctrl.

    jetson-slots get-primary | set-primary NAME | get-state NAME | set-state NAME good|bad

UEFI keeps the state: nvbootctrl shows and chooses slots, and the variables RootfsStatusSlotA and B say whether a slot
may start. Since L4T 35.2 nvbootctrl no longer marks a slot, so the variables are written here (bytes 0 to 3 are the
variable's attributes, 4 to 7 its value: 0 normal, 0xff unbootable). On a disk that was not flashed with ROOTFS_AB=1
nvbootctrl accepts a choice and does nothing: every choice is read back.
"""

import errno
import fcntl
import os
import re
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SLOTS = ("A", "B")
VARIABLES = Path("/sys/firmware/efi/efivars")
CONFIRMED = Path("/var/lib/nailfold-confirmed")
"""In the root itself: a root that RAUC has just written has none. The recipe makes it for the first one.

While it is missing NVIDIA's own service does not confirm the start (nv-l4t-bootloader-config.service.d).
"""
GUID = "781e084c-a330-417c-b678-38e696380cb9"
"""Of NVIDIA's public variables (edk2-nvidia, gNVIDIAPublicVariableGuid)."""
_ATTRIBUTES = struct.pack("<I", 0x07)  # non-volatile, boot service and runtime access
NORMAL, UNBOOTABLE = 0x00, 0xFF
_FS_IOC_GETFLAGS, _FS_IOC_SETFLAGS, _FS_IMMUTABLE_FL = 0x80086601, 0x40086602, 0x10  # linux/fs.h, 64 bit
_NO_REDUNDANCY = "this disk has one root only: flash it with ROOTFS_AB=1 (RootfsRedundancyLevel)"


class SlotError(Exception):
    """One sentence."""


def nvbootctrl(*words: str) -> str:
    """What it prints about root file systems. Raises SlotError."""
    command = ["nvbootctrl", "-t", "rootfs", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SlotError(f"nvbootctrl cannot be started: {error}") from error
    if done.returncode != 0:
        raise SlotError(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def running() -> str:
    """The slot that runs now. Raises SlotError."""
    return _slot_in("Current", _slots_told())


def chosen() -> str:
    """The slot that starts next. Raises SlotError."""
    return _slot_in("Active", _slots_told())


def choose(slot: str) -> None:
    """Start it next. Raises SlotError where the firmware did not take it."""
    nvbootctrl("set-active-boot-slot", str(SLOTS.index(slot)))
    if (now := chosen()) != slot:
        raise SlotError(f"slot {slot} was chosen and slot {now} starts next")


def may_start(slot: str) -> bool:
    """Whether UEFI would start it. Raises SlotError."""
    status = re.search(rf"^slot: {SLOTS.index(slot)},.*status: (\w+)", _slots_told(), re.MULTILINE)
    if status is None:
        raise SlotError(f"nvbootctrl says nothing about slot {slot}")
    return status[1] == "normal"


def mark(slot: str, value: int, variables: Path = VARIABLES) -> None:
    """Whether UEFI may start it from now on. Raises SlotError where that is not so afterwards."""
    variable = variables / f"RootfsStatusSlot{slot}-{GUID}"
    wanted = _ATTRIBUTES + struct.pack("<I", value)
    try:
        if variable.exists():
            _make_mutable(variable)
        # One write, or the firmware refuses it.
        line = os.open(variable, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(line, wanted)
        finally:
            os.close(line)
        if variable.read_bytes() != wanted:
            raise SlotError(f"{variable.name} does not hold what was written")
    except OSError as error:
        raise SlotError(f"{variable.name} cannot be written: {error.strerror}") from error


def confirm() -> None:
    """The running slot works: its tries are full again. Raises SlotError."""
    nvbootctrl("verify")


def is_on_trial(slot: str) -> bool:
    """Whether this very root was not confirmed yet."""
    assert slot in SLOTS
    return not CONFIRMED.exists()


def note_confirmed(slot: str) -> None:
    """After RAUC's mark-good. On the disk when this returns. Raises OSError, SlotError."""
    if not may_start(slot):
        raise SlotError(f"rauc has not confirmed slot {slot}")
    line = os.open(CONFIRMED, os.O_WRONLY | os.O_CREAT, 0o644)
    folder = os.open(CONFIRMED.parent, os.O_RDONLY)
    try:
        os.fsync(line)
        os.fsync(folder)
    finally:
        os.close(line)
        os.close(folder)


def give_up(slot: str) -> None:
    """It never starts again; RAUC's service does it, which may write the firmware's variables. Raises SlotError."""
    subprocess.run(["rauc", "status", "mark-bad"], check=True)
    if may_start(slot):
        raise SlotError(f"rauc has not marked slot {slot} bad")


def main(words: Sequence[str], variables: Path = VARIABLES) -> str:
    """What RAUC reads. Raises SlotError."""
    match list(words):
        case ["get-primary"]:
            return chosen()
        case ["get-current"]:
            return running()
        case ["set-primary", slot] if slot in SLOTS:
            mark(slot, NORMAL, variables)
            choose(slot)
            return ""
        case ["get-state", slot] if slot in SLOTS:
            return "good" if may_start(slot) else "bad"
        case ["set-state", slot, "good"] if slot in SLOTS:
            mark(slot, NORMAL, variables)
            if slot == running():
                confirm()
            return ""
        case ["set-state", slot, "bad"] if slot in SLOTS:
            mark(slot, UNBOOTABLE, variables)
            return ""
    raise SlotError(f"jetson-slots knows no {' '.join(words)!r}; see its first lines")


def _slots_told() -> str:
    told = nvbootctrl("dump-slots-info")
    if re.search(r"^num_slots: 2$", told, re.MULTILINE) is None:
        raise SlotError(_NO_REDUNDANCY)
    return told


def _slot_in(kind: str, told: str) -> str:
    found = re.search(rf"^{kind} rootfs slot: ([AB])$", told, re.MULTILINE)
    if found is None:
        raise SlotError(f"nvbootctrl names no {kind.lower()} slot: {told.strip()[:200]}")
    return found[1]


def _make_mutable(variable: Path) -> None:
    """Linux protects the firmware's variables against being deleted by accident."""
    line = os.open(variable, os.O_RDONLY)
    try:
        flags = struct.unpack("i", fcntl.ioctl(line, _FS_IOC_GETFLAGS, struct.pack("i", 0)))[0]
        if flags & _FS_IMMUTABLE_FL:
            fcntl.ioctl(line, _FS_IOC_SETFLAGS, struct.pack("i", flags & ~_FS_IMMUTABLE_FL))
    except OSError as error:
        if error.errno != errno.ENOTTY:  # a file system without flags protects nothing
            raise
    finally:
        os.close(line)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except SlotError as error:
        sys.exit(f"jetson-slots: {error}")
