"""`make deb`: the Debian package of the box, for one processor and one Python; two builds give the same bytes.

    python image-build/deb/build_deb.py [--arch amd64|arm64] [--python 3.11] [--out build/deb]

3.11 is Debian 12's Python, 3.10 that of Ubuntu 22.04 and JetPack 6. Needs pip, the network for wheels that are not yet
there, the built pages (make setup) and dpkg-deb; nothing is compiled, so any computer builds for any processor.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from package_tree import Tree, lay_out
from sbom import write_sbom
from target import ARCHITECTURES, Target
from wheels import fetch_wheels, own_wheel, unpack_wheels

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Build and say how long it took and how large it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--arch", choices=sorted(ARCHITECTURES), default="amd64")
    options.add_argument("--python", default="3.11", metavar="3.N")
    options.add_argument("--out", type=Path, default=REPOSITORY / "build/deb")
    asked = options.parse_args()
    began_s = time.monotonic()
    package = build(Target(asked.arch, asked.python), asked.out)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    size_mb, took_s = package.stat().st_size / 1e6, time.monotonic() - began_s
    print(f"{package}: {size_mb:.1f} MB, {took_s:.0f} s, sha256 {digest}")
    return 0


def build(target: Target, out: Path) -> Path:
    """The package in `out`, with its bill of materials beside it."""
    if not (REPOSITORY / "webui/static/dist/.built").exists():
        sys.exit("the pages are not built; run: make setup")
    built_at = source_date(REPOSITORY)
    work = out / f"work-{target.name}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    wheels = fetch_wheels(REPOSITORY / "requirements.lock", target, out / "wheels")
    own = own_wheel(REPOSITORY, work, built_at)
    tree = Tree(work / "root")
    unpack_wheels([*wheels, own], target, tree.root / "opt/nailfold")
    version = f"{own.name.split('-')[1]}-1~py{target.python.replace('.', '')}"
    sbom = out / f"nailfold_{version}_{target.arch}.cdx.json"
    write_sbom(sbom, [*wheels, own], REPOSITORY, version, built_at)
    lay_out(tree, target, version, sbom, REPOSITORY)
    tree.settle(built_at)
    refuse_paths_of_this_computer(tree.root)
    package = out / f"nailfold_{version}_{target.arch}.deb"
    subprocess.run(
        # Zstandard, which both systems unpack; one thread, as how the input is cut depends on their number.
        ["dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zzstd", "-z12", "--build", tree.root, package],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(built_at), "LC_ALL": "C"},
    )
    shutil.rmtree(work)
    return package


def source_date(repository: Path) -> int:
    """Seconds since 1970 of what is built: $SOURCE_DATE_EPOCH, else the newest commit's."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    told = subprocess.run(
        ["git", "-C", repository, "log", "-1", "--format=%ct"], check=True, capture_output=True, text=True
    )
    return int(told.stdout)


def refuse_paths_of_this_computer(root: Path) -> None:
    """Exit if a file holds the path of this checkout: it would mean nothing on the box."""
    here = str(REPOSITORY).encode()
    found = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and here in path.read_bytes()]
    if found:
        sys.exit(f"the package would hold paths of this computer: {', '.join(map(str, found[:5]))}")


if __name__ == "__main__":
    sys.exit(main())
