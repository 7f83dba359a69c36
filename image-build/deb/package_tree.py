"""What the package puts where, beside the virtual environment."""

import hashlib
import os
import shutil
from pathlib import Path

from target import Target

HERE = Path(__file__).parent
_UNITS, _DOC = "lib/systemd/system", "usr/share/doc/nailfold"
_CONFFILES = ("etc/nailfold/site.toml",)


class Tree:
    """The package's root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def put(self, source: Path, place: str, mode: int = 0o644) -> None:
        """A file under a name."""
        target = self.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(mode)

    def write(self, place: str, text: str, mode: int = 0o644) -> None:
        """A file with that text."""
        target = self.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)

    @property
    def files(self) -> list[Path]:
        """Of the payload, sorted; links are none."""
        everything = sorted(self.root.rglob("*"))
        control = self.root / "DEBIAN"
        return [path for path in everything if path.is_file() and not path.is_symlink() and control not in path.parents]

    def settle(self, built_at: int) -> None:
        """One time and plain rights for all, whatever umask and clock this computer has."""
        for path in [self.root, *self.root.rglob("*")]:
            if not path.is_symlink():
                is_open = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if is_open else 0o644)
            os.utime(path, (built_at, built_at), follow_symlinks=False)


def lay_out(tree: Tree, target: Target, version: str, sbom: Path, repository: Path) -> None:
    """Units, users, rules, documents, settings, and the control files that describe it all."""
    systemd = repository / "systemd"
    tree.put(HERE / "debian/nailfold", "usr/bin/nailfold", 0o755)
    tree.put(HERE / "debian/site.toml", _CONFFILES[0])
    for unit in sorted((systemd / "system").iterdir()):
        tree.put(unit, f"{_UNITS}/{unit.name}")
    tree.put(systemd / "libexec/build-engines", "usr/lib/nailfold/build-engines", 0o755)
    tree.put(systemd / "sysusers.d/nailfold.conf", "usr/lib/sysusers.d/nailfold.conf")
    tree.put(systemd / "tmpfiles.d/nailfold.conf", "usr/lib/tmpfiles.d/nailfold.conf")
    tree.put(systemd / "journald.conf.d/50-nailfold.conf", "usr/lib/systemd/journald.conf.d/50-nailfold.conf")
    tree.put(systemd / "udev/70-nailfold.rules", "lib/udev/rules.d/70-nailfold.rules")
    for name in ("box.md", "firmware.md", "fleet.md", "api.md"):
        tree.put(repository / "docs" / name, f"{_DOC}/{name}")
    tree.put(repository / "LICENSE", f"{_DOC}/copyright")
    tree.put(sbom, f"{_DOC}/nailfold.cdx.json")
    for script in ("preinst", "postinst", "prerm", "postrm"):
        tree.put(HERE / "debian" / script, f"DEBIAN/{script}", 0o755)
    tree.write("DEBIAN/conffiles", "".join(f"/{name}\n" for name in _CONFFILES))
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree.root)}\n"
        for path in tree.files
    ]
    tree.write("DEBIAN/md5sums", "".join(sums))
    kilobytes = sum(-(-path.stat().st_size // 1024) for path in tree.files)
    control = (HERE / "debian/control").read_text(encoding="utf-8")
    minor = int(target.python.partition(".")[2])
    tree.write(
        "DEBIAN/control",
        control.format(version=version, arch=target.arch, size=kilobytes, python=target.python, above=f"3.{minor + 1}"),
    )
