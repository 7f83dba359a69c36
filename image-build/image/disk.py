"""The disk of a new box: partitions, GRUB for BIOS and UEFI, slot A; the same bytes for the same parts.

The data partition is not among them: the box makes it at its first start, as large as its disk (data-partition.sh).
"""

import io
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "programs"))
import boot_slots

HERE = Path(__file__).parent
MIB = 1 << 20
SECTOR = 512
_GRUB = Path("/usr/lib/grub")
_DISK_GUID = "6e61696c-666f-4c64-8000-000000000000"
_MODULES = (
    *(
        "biosdisk",
        "part_gpt",
        "squash4",
        "linux",
        "loadenv",
        "regexp",
        "test",
        "echo",
        "sleep",
        "reboot",
        "normal",
        "minicmd",
    ),
    *("gzio", "serial", "terminal", "memdisk", "tar", "fat"),
)


@dataclass(frozen=True)
class Partition:
    """One entry of the table; grub.cfg, fstab and system.conf know them by number and name."""

    name: str
    first_mib: int
    size_mib: int
    kind: str

    @property
    def offset(self) -> int:
        return self.first_mib * MIB


@dataclass(frozen=True)
class Layout:
    """All of them, in order. `slot_mib` in MiB."""

    slot_mib: int = 1024

    @property
    def partitions(self) -> tuple[Partition, ...]:
        a = 68
        return (
            Partition("bios", 1, 1, "ef02"),
            Partition("efi", 2, 64, "ef00"),
            Partition("boot-state", 66, 2, "8300"),
            Partition("root-a", a, self.slot_mib, "8300"),
            Partition("root-b", a + self.slot_mib, self.slot_mib, "8300"),
            Partition("key", a + 2 * self.slot_mib, 1, "8300"),
        )

    @property
    def size_mib(self) -> int:
        return self.partitions[-1].first_mib + self.partitions[-1].size_mib + 1


def write_disk(disk: Path, root: Path, layout: Layout, built_at: int) -> None:
    """A sparse file with all of it.

    Args:
        disk: the file to make.
        root: the squashfs of slot A.
        built_at: seconds since 1970, for what keeps a time.
    """
    if root.stat().st_size > layout.slot_mib * MIB:
        sys.exit(f"{root} has {root.stat().st_size / MIB:.0f} MiB, a slot {layout.slot_mib}")
    with disk.open("wb") as file:
        file.truncate(layout.size_mib * MIB)
    _write_table(disk, layout)
    bios, efi, state, slot_a, *_ = layout.partitions
    with tempfile.TemporaryDirectory() as scratch, disk.open("r+b") as file:
        _write_bios_grub(file.fileno(), bios, Path(scratch))
        _copy(_efi_files(Path(scratch), efi, built_at), file.fileno(), efi.offset)
        _copy(_boot_state(Path(scratch), state, built_at), file.fileno(), state.offset)
        _copy(root, file.fileno(), slot_a.offset)


def _write_table(disk: Path, layout: Layout) -> None:
    command = ["sgdisk", "--clear", f"--disk-guid={_DISK_GUID}"]
    for number, part in enumerate(layout.partitions, 1):
        sectors = MIB // SECTOR
        first, last = part.first_mib * sectors, (part.first_mib + part.size_mib) * sectors - 1
        guid = f"{_DISK_GUID[:-2]}{number:02x}"
        command += [f"--new={number}:{first}:{last}", f"--typecode={number}:{part.kind}"]
        command += [f"--change-name={number}:{part.name}", f"--partition-guid={number}:{guid}"]
    _run(*command, disk)


def _write_bios_grub(disk: int, place: Partition, scratch: Path) -> None:
    """The first sector names where the second lies, and that one where the rest does; as grub-bios-setup does it."""
    core = scratch / "core.img"
    _mkimage("i386-pc", core, ("biosdisk",))
    content = bytearray(core.read_bytes())
    if len(content) > place.size_mib * MIB:
        sys.exit(f"GRUB's core has {len(content)} bytes, its partition {place.size_mib * MIB}")
    first = place.offset // SECTOR
    # The list of blocks at the end of the first sector: where the rest begins, its sectors, and its segment in memory.
    rest = -(-len(content) // SECTOR) - 1
    struct.pack_into("<QHH", content, SECTOR - 12, first + 1, rest, 0x0820)
    os.pwrite(disk, content, place.offset)
    boot = bytearray((_GRUB / "i386-pc/boot.img").read_bytes())
    struct.pack_into("<Q", boot, 0x5C, first)
    # A disk, no floppy: two NOPs in the place of the jump over the check of the drive's number.
    boot[0x66:0x68] = b"\x90\x90"
    os.pwrite(disk, bytes(boot[:440]), 0)


def _efi_files(scratch: Path, place: Partition, built_at: int) -> Path:
    """A FAT with the one file that a firmware starts without being told."""
    program, image = scratch / "BOOTX64.EFI", scratch / "efi.img"
    _mkimage("x86_64-efi", program, ())
    os.utime(program, (built_at, built_at))
    with image.open("wb") as file:
        file.truncate(place.size_mib * MIB)
    at = {**os.environ, "SOURCE_DATE_EPOCH": str(built_at)}
    _run("mkfs.vfat", "--invariant", "-i", "6e61696c", "-n", "EFI", image, environment=at)
    for command in (("mmd", "::EFI", "::EFI/BOOT"), ("mcopy", "-m", program, "::EFI/BOOT/BOOTX64.EFI")):
        _run(command[0], "-i", image, *command[1:], environment=at)
    return image


def _boot_state(scratch: Path, place: Partition, built_at: int) -> Path:
    """A FAT with the copies at their places: GRUB writes to files alone, and in place."""
    image, block = scratch / "state.img", scratch / "block"
    block.write_bytes(boot_slots.packed(boot_slots.FACTORY))
    os.utime(block, (built_at, built_at))
    with image.open("wb") as file:
        file.truncate(place.size_mib * MIB)
    at = {**os.environ, "SOURCE_DATE_EPOCH": str(built_at)}
    shape = ("-F", "12", "-S", str(SECTOR), "-s", "8", "-R", "8", "-f", "1", "-r", "128")
    _run("mkfs.vfat", "--invariant", "-i", "6e61696d", *shape, image, environment=at)
    for name in boot_slots.COPIES:
        _run("mcopy", "-m", "-i", image, block, f"::{name}", environment=at)
    written = image.read_bytes()
    if any(not written.startswith(block.read_bytes(), copy) for copy in boot_slots.COPIES_AT):
        sys.exit("the boot state's files do not lie where boot_slots.py looks for them")
    return image


def _mkimage(platform: str, out: Path, extra: tuple[str, ...]) -> None:
    modules = [name for name in (*_MODULES, *extra) if (_GRUB / platform / f"{name}.mod").exists()]
    # The first lines run before GRUB knows `if`; grub.cfg itself is in the program, where no torn file can harm it.
    early, memory = out.with_suffix(".early"), out.with_suffix(".tar")
    early.write_text("set booted_from=$prefix\nset prefix=(memdisk)/\n")
    with tarfile.open(memory, "w", format=tarfile.USTAR_FORMAT) as packed:
        entry, content = tarfile.TarInfo("grub.cfg"), (HERE / "grub.cfg").read_bytes()
        entry.size = len(content)
        packed.addfile(entry, io.BytesIO(content))
    _run("grub-mkimage", "-O", platform, "-m", memory, "-c", early, "-p", "(,gpt3)/", "-o", out, *modules)


def _copy(source: Path, disk: int, offset: int) -> None:
    """Blocks of zeros stay holes."""
    with source.open("rb") as file:
        while block := file.read(MIB):
            if block.strip(b"\0"):
                os.pwrite(disk, block, offset)
            offset += len(block)


def _run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    if shutil.which(str(command[0])) is None:
        sys.exit(f"{command[0]} is missing; see image-build/README.md")
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stdout}{done.stderr}")
