#!/usr/bin/python3
"""Which slot starts next, as RAUC's custom bootloader backend: GRUB reads the state, and counts the tries.

    boot-slots get-primary | set-primary NAME | get-state NAME | set-state NAME good|bad

Two copies of GRUB's environment block lie on a partition of their own, as two files of a FAT that is never mounted on
the box: GRUB finds them by name, this program by their place. Each is written in place and fits one sector, which a
disk writes whole or not at all; GRUB takes the second where the first is none. A slot is "good" once it was confirmed,
"try3" to "try1" while it is on trial with so many starts left, else "bad".
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

DEVICE = Path("/dev/disk/by-partlabel/boot-state")
SLOTS = ("A", "B")
COPIES = ("STATE1", "STATE2")
COPIES_AT = (9216, 13312)
"""Bytes from the partition's first; image-build/image/disk.py makes it so."""
BLOCK_SIZE = 1024
SECTOR_SIZE = 512
_SIGNATURE = b"# GRUB Environment Block\n"
FACTORY = {"first": "A", "a": "good", "b": "bad"}
_ON_TRIAL = "try3"


class StateError(Exception):
    """One sentence."""


def packed(state: dict[str, str]) -> bytes:
    """The block as GRUB reads it. Raises StateError where it would not fit a sector."""
    lines = b"".join(f"{key}={value}\n".encode() for key, value in state.items())
    if len(_SIGNATURE) + len(lines) > SECTOR_SIZE:
        raise StateError(f"the boot state has {len(lines)} bytes; a sector takes {SECTOR_SIZE - len(_SIGNATURE)}")
    return (_SIGNATURE + lines).ljust(BLOCK_SIZE, b"#")


def unpacked(block: bytes) -> dict[str, str] | None:
    """Its variables; None where it is no block, or names no slot."""
    if not block.startswith(_SIGNATURE):
        return None
    lines = block[len(_SIGNATURE) :].rstrip(b"#").decode(errors="replace").splitlines()
    state = dict(line.split("=", 1) for line in lines if "=" in line)
    return state if state.get("first") in SLOTS else None


def read(device: Path) -> dict[str, str]:
    """The first good copy; as from the factory where there is none. Raises OSError."""
    with device.open("rb") as file:
        for place in COPIES_AT:
            file.seek(place)
            if (state := unpacked(file.read(BLOCK_SIZE))) is not None:
                return state
    return dict(FACTORY)


def write(device: Path, state: dict[str, str]) -> None:
    """Both copies, one after the other, each on the disk before the next. Raises OSError, StateError."""
    block = packed(state)
    line = os.open(device, os.O_WRONLY | os.O_SYNC)
    try:
        for place in COPIES_AT:
            os.pwrite(line, block, place)
            os.fsync(line)
    finally:
        os.close(line)


def other(slot: str) -> str:
    """The one that it is not."""
    return SLOTS[1 - SLOTS.index(slot)]


def starts(state: dict[str, str], slot: str) -> bool:
    """Whether GRUB would start it."""
    return state.get(slot.lower(), "bad") != "bad"


def running() -> str | None:
    """The slot that runs, as the kernel's command line names it; None on a system that was not started from one."""
    found = re.search(r"\brauc\.slot=([AB])\b", Path("/proc/cmdline").read_text())
    return found[1] if found else None


def is_on_trial(slot: str) -> bool:
    """Whether it was not confirmed yet. Raises OSError."""
    return read(DEVICE).get(slot.lower()) != "good"


def note_confirmed(slot: str) -> None:
    """After RAUC's mark-good: the state itself is the note. Raises StateError where RAUC has not written it."""
    if is_on_trial(slot):
        raise StateError(f"rauc has not confirmed slot {slot}")


def give_up(slot: str) -> None:
    """It never starts again. Raises OSError, StateError."""
    main(["set-state", slot, "bad"])


def main(words: Sequence[str], device: Path = DEVICE) -> str:
    """What RAUC reads. Raises OSError, StateError."""
    state = read(device)
    match list(words):
        case ["get-primary"]:
            first = state["first"]
            return first if starts(state, first) else other(first)
        case ["set-primary", slot] if slot in SLOTS:
            if state.get(slot.lower()) != "good":
                state[slot.lower()] = _ON_TRIAL
            write(device, state | {"first": slot})
            return ""
        case ["get-state", slot] if slot in SLOTS:
            return "good" if starts(state, slot) else "bad"
        case ["set-state", slot, ("good" | "bad") as value] if slot in SLOTS:
            write(device, state | {slot.lower(): value})
            return ""
    raise StateError(f"boot-slots knows no {' '.join(words)!r}; see its first lines")


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except (OSError, StateError) as error:
        sys.exit(f"boot-slots: {error}")
