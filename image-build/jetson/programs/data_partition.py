#!/usr/bin/python3
"""The data partition of a Jetson, ready to be mounted: found, made at the first start, checked, erased when asked.

It is called nailfold-data and lies on the disk that the running root lies on; a stick whose partition has that name is
another disk. A file system is made where there is none and was none: neither a signature nor a spare copy of ext4's
superblock is found, nor the note that one was made. Whatever else is there stays as it is, with one sentence on the
screen and in the log.

The last MiB belongs to no file system. Its first block is the note: that one is being made (so a cut on the way begins
anew), that it was made, that it is to be erased, or the proof of the last erasing.
"""

import json
import os
import re
import struct
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "nailfold-data"
STATE = Path("/run/nailfold-data")
"""For the units and programs behind this one: partition and other (links), slot, erased.json, is-repaired."""
CONFIRMED = Path("/var/lib/nailfold-confirmed")
"""As jetson_slots.py has it: a root without it is on trial."""
SLOT_OF_ROOT = {"APP": "A", "APP_b": "B"}
"""NVIDIA's names of the two roots."""
MIB = 1 << 20
LEAST_BYTES = 8 << 30
"""A bundle that is fetched beside a year of exams."""
_ROOM_AT_THE_END = MIB
_BLOCK = 4096
MAKING, MADE = b"NAILFOLD-MAKING\n", b"NAILFOLD-MADE\n"
ERASE, ERASED = b"NAILFOLD-ERASE\n", b"NAILFOLD-ERASED\n"
"""What a note begins with. The proof of an erasing follows ERASED, and the MAKING before it."""
_SUPERBLOCK_AT, _MAGIC_AT, _EXT_MAGIC = 1024, 56, 0xEF53
_SPARE_GROUPS = (1, 3, 5, 7, 9, 25, 27, 49)
_BLOCKS_A_GROUP = {1024: 8192, 2048: 16384, 4096: 32768}
_CHUNK = 4 * MIB


class PartitionError(Exception):
    """One sentence, and what to do."""


@dataclass(frozen=True)
class Disk:
    """The disk that the running root lies on.

    Attributes:
        root: the running root's partition.
        partitions: name and device, of those that have a name.
    """

    root: str
    partitions: tuple[tuple[str, Path], ...]

    def partition(self, name: str) -> Path:
        """Raises PartitionError where none has that name, or two have."""
        found = [device for known, device in self.partitions if known == name]
        if not found:
            raise PartitionError(
                f"this disk has no partition {name}: it was flashed without one. Nothing was changed. Make a copy of"
                " the exams (page Backups of the system before), flash it anew, and restore the copy"
            )
        if len(found) > 1:
            raise PartitionError(f"this disk has {len(found)} partitions called {name}. Nothing was changed")
        return found[0]


def look_at_disk(sysfs: Path = Path("/sys"), dev: Path = Path("/dev"), root: Path = Path("/")) -> Disk:
    """Of the root that runs. Raises PartitionError where that lies on no partition."""
    number = root.stat().st_dev
    own = (sysfs / f"dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    if not (own / "partition").exists():
        raise PartitionError("the running root lies on no partition of a disk")
    named = []
    for entry in sorted(own.parent.iterdir()):
        if (entry / "partition").exists():
            told = re.search(r"^PARTNAME=(.+)$", (entry / "uevent").read_text(), re.MULTILINE)
            named.append((told[1] if told else "", dev / entry.name))
    [name] = [name for name, device in named if device.name == own.name]
    return Disk(name, tuple((name, device) for name, device in named if name))


def size_of(device: Path) -> int:
    """Bytes of a partition, or of a file in its place."""
    with device.open("rb") as file:
        return file.seek(0, os.SEEK_END)


def note(device: Path) -> tuple[bytes, bytes]:
    """Which one is there, or none; and what follows it."""
    with device.open("rb") as file:
        file.seek(-_ROOM_AT_THE_END, os.SEEK_END)
        block = file.read(_BLOCK).rstrip(b"\0")
    kind = next((known for known in (MAKING, MADE, ERASE, ERASED) if block.startswith(known)), b"")
    return kind, block[len(kind) :] if kind else b""


def write_note(device: Path, words: bytes) -> None:
    """On the disk when this returns. Raises OSError."""
    line = os.open(device, os.O_WRONLY)
    try:
        os.pwrite(line, words.ljust(_BLOCK, b"\0"), os.lseek(line, 0, os.SEEK_END) - _ROOM_AT_THE_END)
        os.fsync(line)
    finally:
        os.close(line)


def signature(device: Path) -> tuple[str, str]:
    """Kind and label of the file system, partition table or volume there, by blkid; empty where it finds none."""
    done = subprocess.run(["blkid", "-p", "-o", "export", device], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        raise PartitionError(f"blkid cannot say what {device} holds: {done.stderr.strip() or done.returncode}")
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return told.get("TYPE") or told.get("PTTYPE") or "", told.get("LABEL", "")


def has_spare_superblock(device: Path) -> bool:
    """Whether a copy of ext4's superblock lies where mkfs puts them: a damaged file system is no empty partition."""
    size = size_of(device)
    with device.open("rb") as file:
        for block, blocks_a_group in _BLOCKS_A_GROUP.items():
            first = 1 if block == 1024 else 0
            for group in _SPARE_GROUPS:
                at = (first + group * blocks_a_group) * block + _MAGIC_AT
                if at >= size:  # a device, unlike a file, does not let itself be read there
                    break
                file.seek(at)
                magic = file.read(2)
                if len(magic) == 2 and struct.unpack("<H", magic)[0] == _EXT_MAGIC:
                    return True
    return False


def require_size(device: Path, least_bytes: int) -> None:
    """Raises PartitionError where it is too small for a box's work."""
    size = size_of(device)
    if size < least_bytes:
        raise PartitionError(
            f"the partition {NAME} has {size // MIB} MiB and needs {least_bytes // MIB}. Nothing was changed. Flash it"
            " with smaller roots (-S) or a larger disk"
        )


def make_ready(device: Path) -> bool:
    """A whole ext4 lies there afterwards; whether it was damaged. Raises PartitionError; whatever was there then is
    there still.
    """
    kind, label = signature(device)
    noted, _ = note(device)
    if noted == MAKING or not (kind or noted or has_spare_superblock(device)):
        make(device)
    elif kind and (kind, label) != ("ext4", NAME):
        # One of full size has its own blocks where our notes would be.
        named = f"{kind} called {label!r}" if label else kind
        raise PartitionError(f"the partition {NAME} holds {named}, which is not this box's. Nothing was changed")
    return check(device)


def make(device: Path) -> None:
    """A new file system; a power cut on the way makes the next start begin anew. Raises PartitionError."""
    print(f"making the file system of {NAME}", flush=True)
    kind, proof = note(device)
    if kind != MAKING:
        proof = b""
        write_note(device, MAKING)
    blocks = (size_of(device) - _ROOM_AT_THE_END) // _BLOCK
    # All of it now: what ext4 leaves for later it writes in the background of the first day's exams.
    how = ["-E", "lazy_itable_init=0,lazy_journal_init=0", "-b", str(_BLOCK), "-i", "65536", "-m", "1", "-L", NAME]
    _run("the file system cannot be made", 0, "mke2fs", "-q", "-F", "-t", "ext4", *how, device, str(blocks))
    _sync(device)
    write_note(device, ERASED + proof if proof else MADE)


def check(device: Path) -> bool:
    """All of it at every start; whether it was damaged and is repaired. Raises PartitionError where it is beyond that.

    What is damaged and not marked so would not mount, or would lose more with every write.
    """
    if has_wild_groups(device):
        print(f"{NAME} is damaged: its table of groups is none", flush=True)
        _repair(device, "-b", str(_BLOCKS_A_GROUP[_BLOCK]))
        return True
    done = subprocess.run(["e2fsck", "-f", "-p", device], capture_output=True, text=True, check=False)
    if done.returncode >= 4:
        print(f"{NAME} is damaged, repairing: {done.stdout.strip()[-300:]}", flush=True)
        _repair(device)
    return done.returncode >= 4


def has_wild_groups(device: Path) -> bool:
    """Whether the table of groups names blocks that there are not.

    e2fsck -p would believe it, throw away what it then does not find, and write the table over its spare copies.
    """
    told = subprocess.run(["dumpe2fs", "-g", device], capture_output=True, text=True, check=False)
    lines = [line.split(":") for line in told.stdout.splitlines() if line[:1].isdigit()]
    blocks = (size_of(device) - _ROOM_AT_THE_END) // _BLOCK
    return any(int(place) >= blocks for line in lines for place in line[4:7])


def _repair(device: Path, *how: str) -> None:
    beyond = (
        f"the file system of {NAME} is damaged and could not be repaired; it was NOT made anew. The exams may still be"
    )
    beyond += " read from its disk: keep it, and restore the newest copy from a stick onto another"
    _run(beyond, 3, "e2fsck", "-f", "-y", *how, device)
    print(f"{NAME} is repaired; what has lost its name lies in /data/lost+found", flush=True)


def erase(device: Path) -> None:
    """Zeros over all of it, read back; a file system is made at once. A cut on the way begins anew. Raises OSError."""
    end = size_of(device) - _ROOM_AT_THE_END
    print(f"erasing {NAME}: {end // MIB} MiB", flush=True)
    line = os.open(device, os.O_RDWR)
    try:
        zeros = bytes(_CHUNK)
        for at in range(0, end, _CHUNK):
            os.pwrite(line, zeros[: min(_CHUNK, end - at)], at)
        os.fsync(line)
        # What is read below comes from the disk.
        os.posix_fadvise(line, 0, 0, os.POSIX_FADV_DONTNEED)
        is_zero = all(not any(os.pread(line, min(_CHUNK, end - at), at)) for at in range(0, end, _CHUNK))
    finally:
        os.close(line)
    proof = {"erasing": uuid.uuid4().hex, "overwritten_bytes": end, "reads_back_as_zero": is_zero}
    write_note(device, MAKING + json.dumps(proof).encode())


def ask_to_erase(device: Path = STATE / "partition") -> None:
    """The next start does it. On the disk when this returns. Raises OSError."""
    write_note(device, ERASE)


def prepare(disk: Disk, state: Path, is_on_trial: bool, least_bytes: int = LEAST_BYTES) -> None:
    """Everything, with what the units behind this one need in `state`. Raises PartitionError."""
    slot = SLOT_OF_ROOT.get(disk.root)
    if slot is None:
        raise PartitionError(
            f"the running root is the partition {disk.root!r}, not one of {' and '.join(SLOT_OF_ROOT)}"
        )
    (state / "slot").write_text(f"{slot}\n")
    device = disk.partition(NAME)
    require_size(device, least_bytes)
    if note(device)[0] == ERASE:
        erase(device)
    if make_ready(device):
        (state / "is-repaired").touch()
    _link(state / "partition", device)
    kind, proof = note(device)
    if kind == ERASED:
        (state / "erased.json").write_bytes(proof)
    if is_on_trial or kind == ERASED:
        # Where exams of an older system may lie.
        [other] = [name for name in SLOT_OF_ROOT if name != disk.root]
        _link(state / "other", disk.partition(other))


def _link(place: Path, device: Path) -> None:
    place.unlink(missing_ok=True)
    place.symlink_to(device)


def _sync(device: Path) -> None:
    line = os.open(device, os.O_RDONLY)
    try:
        os.fsync(line)
    finally:
        os.close(line)


def _run(failure: str, most: int, *command: str | Path) -> None:
    done = subprocess.run(list(command), capture_output=True, text=True, check=False)
    if done.returncode > most:
        raise PartitionError(f"{failure} ({(done.stderr or done.stdout).strip()[-300:]})")


def main(words: Sequence[str]) -> None:
    """Once, before anything is mounted."""
    if words:
        sys.exit("data-partition takes no words; see its first lines")
    try:
        prepare(look_at_disk(), STATE, is_on_trial=not CONFIRMED.exists())
    except (PartitionError, OSError) as error:
        sys.exit(f"NAILFOLD DOES NOT START: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
