"""An update for a Jetson box from the root that build_root.sh has made, signed.

    python image-build/jetson/jetson_bundle.py LINUX_FOR_TEGRA [--version 0.1.0] [--cert FILE --key FILE] [--out FILE]

RAUC makes a file system in the slot that does not run and unpacks the root there; bundle_hook.sh then gives it the
lines that flashing would have. Needs root (for every file's owner), rauc, squashfs-tools and tar. Without a certificate
the test CA of `make image` signs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
from build_bundle import build_bundle
from test_ca import make_test_ca

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
COMPATIBLE = "nailfold-jetson-orin"
"""As overlay/etc/rauc/system.conf has it."""
NOT_OF_A_BUNDLE = ("var/lib/nailfold-confirmed", "var/lib/nailfold/*", "var/log/journal/*", "etc/ssh/ssh_host_*")
"""A new root is on trial, and nobody's."""
KERNEL_NEEDS = ("dm-verity", "loop", "squashfs")
"""Without one of them the box refuses every bundle ("Failed to load dm table")."""


def pack(root: Path, tar: Path, built_at: int) -> None:
    """The root as one archive; the same bytes for the same files. Exits where the box could never install it."""
    if missing := [name for name in KERNEL_NEEDS if not _has_module(root, name)]:
        sys.exit(f"the kernel of {root} has no {', '.join(missing)}: a box with it cannot install a bundle")
    if (root / "etc/machine-id").read_text():
        sys.exit(f"{root}/etc/machine-id names a box: this root has been started")
    same = ["--sort=name", "--numeric-owner", f"--mtime=@{built_at}", "--format=posix"]
    same += ["--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"]
    without = [f"--exclude=./{name}" for name in NOT_OF_A_BUNDLE]
    subprocess.run(["tar", "--create", *same, *without, "-C", root, "-f", tar, "."], check=True)


def _has_module(root: Path, name: str) -> bool:
    """As a module or inside the kernel."""
    lists = [*root.glob("lib/modules/*/modules.builtin"), *root.glob("lib/modules/*/modules.order")]
    named = {Path(line.strip()).name.partition(".")[0] for one in lists for line in one.read_text().splitlines()}
    return name in named


def main(words: Sequence[str]) -> int:
    """Build and say how long it took and how large it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tegra", type=Path, metavar="LINUX_FOR_TEGRA")
    options.add_argument("--version", default="0.1.0")
    options.add_argument("--cert", type=Path)
    options.add_argument("--key", type=Path)
    options.add_argument("--out", type=Path, default=REPOSITORY / "build/jetson/nailfold-jetson-orin.raucb")
    asked = options.parse_args(words)
    began_s = time.monotonic()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    test_ca = None if asked.cert else make_test_ca(REPOSITORY / "build/image/test-ca")
    certificate, key = (asked.cert, asked.key) if test_ca is None else (test_ca.signer, test_ca.key)
    newest = "git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct"
    told = (
        os.environ.get("SOURCE_DATE_EPOCH") or subprocess.run(newest, check=True, capture_output=True, text=True).stdout
    )
    with tempfile.TemporaryDirectory(dir=asked.out.parent) as folder:
        tar = Path(folder) / "root.tar"
        pack(asked.tegra / "rootfs", tar, int(told))
        build_bundle(tar, asked.version, certificate, key, asked.out, COMPATIBLE, HERE / "bundle_hook.sh")
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.0f} MB, {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
