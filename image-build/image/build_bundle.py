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
format={format}
{hooks}
[image.rootfs]
filename={image}
"""


def build_bundle(
    root: Path,
    version: str,
    certificate: Path,
    key: Path,
    out: Path,
    compatible: str = "nailfold-amd64",
    hook: Path | None = None,
    kind: str = "verity",
) -> None:
    """A signed bundle of one root. Exits where rauc cannot make it.

    Args:
        root: a file system, or a tar of one, which RAUC unpacks into a new file system.
        hook: a program that RAUC runs once the root lies in its slot.
        kind: "verity" is checked as it is read; a box takes no "plain" one, which is for trying without device mapper.
    """
    if shutil.which("rauc") is None:
        sys.exit("rauc is missing: apt-get install rauc")
    out.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        content = Path(folder) / "content"
        content.mkdir()
        is_tar = root.suffix == ".tar"
        image = "root.tar" if is_tar else "root.img"
        (content / image).hardlink_to(root)
        manifest = _MANIFEST.format(
            compatible=compatible,
            version=version,
            format=kind,
            image=image,
            hooks=f"\n[hooks]\nfilename={hook.name}\n" if hook else "",
        )
        if hook is not None:
            shutil.copy(hook, content)
            manifest += "hooks=post-install\n"
        (content / "manifest.raucm").write_text(manifest)
        signing = [f"--cert={certificate}", f"--key={key}"]
        # The squashfs inside is packed already.
        packed = "" if is_tar else "-noI -noD -noF -noX "
        packing = f"--mksquashfs-args={packed}-no-progress -quiet"
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
