"""`make image`: the bootable disk of an amd64 box from its package; two builds give the same bytes.

    python image-build/image/build_image.py [--package FILE] [--keyring FILE] [--out build/image]

Needs root, mmdebstrap, squashfs-tools, gdisk, grub-pc-bin, grub-efi-amd64-bin, dosfstools, mtools, and the network for
Debian's packages. Without a keyring the box takes updates of a test CA that is made beside it and never leaves this
computer.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from disk import Layout, write_disk
from test_ca import make_test_ca

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
_BLOCK = 4096


def main() -> int:
    """Build and say how long it took and how large it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--package", type=Path, help="default: the newest of build/deb")
    options.add_argument("--root", type=Path, help="a squashfs that is there already; no other is made")
    options.add_argument("--keyring", type=Path, help="certificate of who signs this box's updates")
    options.add_argument("--out", type=Path, default=REPOSITORY / "build/image")
    asked = options.parse_args()
    began_s = time.monotonic()
    asked.out.mkdir(parents=True, exist_ok=True)
    package = asked.package or newest_package()
    built_at = source_date(package)
    squashfs = asked.root or asked.out / "root.squashfs"
    if asked.root is None:
        keyring = asked.keyring or make_test_ca(asked.out / "test-ca").authority
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(built_at), "LC_ALL": "C.UTF-8"}
        subprocess.run([HERE / "make_root.sh", package, keyring, squashfs], check=True, env=environment)
        pad(squashfs)
    disk = asked.out / "nailfold-amd64.img"
    write_disk(disk, squashfs, Layout(), built_at)
    took_s, used_mb = time.monotonic() - began_s, disk.stat().st_blocks * 512 / 1e6
    print(f"{squashfs}: {squashfs.stat().st_size / 1e6:.0f} MB, sha256 {digest(squashfs)}")
    sizes = f"{disk.stat().st_size / 1e6:.0f} MB, of them {used_mb:.0f} MB used"
    print(f"{disk}: {sizes}, {took_s:.0f} s, sha256 {digest(disk)}")
    return 0


def newest_package() -> Path:
    """Of build/deb, for Debian 12 on amd64."""
    found = sorted((REPOSITORY / "build/deb").glob("nailfold_*~py311_amd64.deb"), key=lambda path: path.stat().st_mtime)
    if not found:
        sys.exit("no package; run: make deb")
    return found[-1]


def source_date(package: Path) -> int:
    """Seconds since 1970 of what is built: $SOURCE_DATE_EPOCH, else the package's own."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    # An ar archive: the time stands in the head of its first member.
    with package.open("rb") as file:
        return int(file.read(8 + 16 + 12)[24:])


def pad(file: Path) -> None:
    """To whole blocks, which a verity bundle wants."""
    with file.open("ab") as end:
        end.truncate(-(-file.stat().st_size // _BLOCK) * _BLOCK)


def digest(file: Path) -> str:
    """SHA-256, in hex."""
    sum_ = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            sum_.update(block)
    return sum_.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
