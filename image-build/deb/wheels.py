"""The wheels of the lock file and of this checkout, and their contents as a virtual environment has them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from target import Target

_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]


def pinned(lock: Path, target: Target) -> Iterator[str]:
    """ "name==version" of each package that the target needs, in the lock's order."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(target.marker_environment):
            yield f"{requirement.name}{requirement.specifier}"


def fetch_wheels(lock: Path, target: Target, cache: Path) -> list[Path]:
    """Every wheel of the lock for the target, by name; those that are in the cache are not fetched again."""
    folder = cache / target.name
    stamp, wanted = folder / "wanted.txt", "\n".join(pinned(lock, target)) + "\n"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        requirements = folder / "requirements.txt"
        requirements.write_text(wanted)
        subprocess.run(
            [*_PIP, "download", "--no-deps", *target.pip_options, "-d", folder, "-r", requirements], check=True
        )
        requirements.rename(stamp)
    return sorted(folder.glob("*.whl"))


def own_wheel(repository: Path, work: Path, built_at: int) -> Path:
    """This checkout's wheel, built from its tracked files and the built pages in a folder of their own."""
    source = work / "source"
    tracked = subprocess.run(["git", "-C", repository, "ls-files", "-z"], check=True, capture_output=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if name.startswith(("tests/", "docs/")) or not (repository / name).is_file():
            continue
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / name, source / name)
    shutil.copytree(repository / "webui/static/dist", source / "webui/static/dist")
    # A wheel keeps its files' rights, and those of a checkout are its umask's.
    for path in source.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    subprocess.run(
        [*_PIP, "wheel", "--no-deps", "-w", work, "."],
        check=True,
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(built_at)},
        umask=0o022,
    )
    [wheel] = work.glob("*.whl")
    shutil.rmtree(source)
    return wheel


def unpack_wheels(wheels: Sequence[Path], target: Target, place: Path) -> None:
    """Lay them out below `place` like `python -m venv` and pip would on the target."""
    packages = place / f"lib/python{target.python}/site-packages"
    # By name, not by path: pip would note the path, which means nothing on the box.
    named = ["==".join(wheel.name.split("-")[:2]) for wheel in wheels]
    folders = [f"--find-links={folder}" for folder in sorted({wheel.parent for wheel in wheels})]
    how = ["--no-deps", "--no-index", "--no-compile", *folders, *target.pip_options]
    subprocess.run([*_PIP, "install", *how, "--target", packages, *named], check=True)
    # Some wheels hold compiled files, too (numpy 2.2 for Python 3.10); installing would write over what dpkg knows.
    for compiled in [*packages.rglob("__pycache__")]:
        shutil.rmtree(compiled)
    # No programs: their first lines name this computer's Python.
    shutil.rmtree(packages / "bin", ignore_errors=True)
    (place / "bin").mkdir()
    (place / "bin/python3").symlink_to(f"/usr/bin/python{target.python}")
    # JetPack's TensorRT is a package of the system's Python; ours stand before it.
    sees_system = "true" if target.arch == "arm64" else "false"
    (place / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = {sees_system}\nversion = {target.python}\n"
    )
