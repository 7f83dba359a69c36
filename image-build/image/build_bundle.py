"""`make bundle`: an update for boxes of `make image`, signed; RAUC installs it into the slot that does not run.

    python image-build/image/build_bundle.py [--root build/image/root.squashfs] [--cert FILE --key FILE] [--out FILE]

Needs rauc and squashfs-tools. Without a certificate the test CA beside the image signs (test_ca.py).
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from test_ca import make_test_ca

REPOSITORY = Path(__file__).resolve().parents[2]
_MANIFEST = """[update]
compatible={compatible}
version={version}

[bundle]
format=verity

[image.rootfs]
filename=root.img
"""


def build_bundle(
    root: Path, version: str, certificate: Path, key: Path, out: Path, compatible: str = "nailfold-amd64"
) -> None:
    """A verity bundle: its payload is checked as it is read. Exits where rauc cannot make it."""
    if shutil.which("rauc") is None:
        sys.exit("rauc is missing: apt-get install rauc")
    out.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        content = Path(folder) / "content"
        content.mkdir()
        (content / "root.img").hardlink_to(root)
        (content / "manifest.raucm").write_text(_MANIFEST.format(compatible=compatible, version=version))
        signing = [f"--cert={certificate}", f"--key={key}"]
        # The squashfs inside is packed already.
        packing = "--mksquashfs-args=-noI -noD -noF -noX -no-progress -quiet"
        done = subprocess.run(
            ["rauc", "bundle", *signing, packing, content, out], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        sys.exit(f"rauc bundle failed: {done.stderr.strip()}")


def main() -> int:
    """Build and say how long it took and how large it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=REPOSITORY / "build/image/root.squashfs")
    options.add_argument("--version", default="0.1.0")
    options.add_argument("--cert", type=Path)
    options.add_argument("--key", type=Path)
    options.add_argument("--out", type=Path, default=REPOSITORY / "build/image/nailfold-amd64.raucb")
    asked = options.parse_args()
    began_s = time.monotonic()
    test_ca = None if asked.cert else make_test_ca(asked.root.parent / "test-ca")
    certificate, key = (asked.cert, asked.key) if test_ca is None else (test_ca.signer, test_ca.key)
    build_bundle(asked.root, asked.version, certificate, key, asked.out)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.0f} MB, {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
