"""What the initramfs is given: the disk's own tools, where busybox has put programs of the same names before."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOOK = Path(__file__).parents[3] / "image-build/image/overlay/etc/initramfs-tools/hooks/nailfold-data"
# As initramfs-tools 0.142 has it: what is there already is left alone, and that is no error.
_COPY_EXEC = """
copy_exec() {
    [ ! -e "$DESTDIR$1" ] || return 0
    mkdir -p "$DESTDIR${1%/*}"
    cp -L "$1" "$DESTDIR$1"
}
"""
_TOOLS = ("e2fsck", "dumpe2fs", "resize2fs", "mke2fs", "cryptsetup", "sfdisk", "blkdiscard")


@pytest.fixture
def computer(tmp_path: Path) -> Path:
    """A root with the tools, and the hook as it runs there."""
    for name in _TOOLS:
        tool = tmp_path / "sbin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"the real {name}")
    functions = tmp_path / "hook-functions"
    functions.write_text(_COPY_EXEC)
    for name in ("etc/mke2fs.conf", "usr/share/nailfold/data-partition.sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    text = HOOK.read_text().replace("/usr/share/initramfs-tools/hook-functions", str(functions))
    for place in ("/sbin/", "/etc/mke2fs.conf", "/usr/share/nailfold"):
        text = text.replace(f" {place}", f" {tmp_path}{place}")
    (tmp_path / "hook").write_text(text)
    return tmp_path


def run(computer: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "DESTDIR": str(computer / "initramfs")}
    return subprocess.run(["sh", computer / "hook"], capture_output=True, text=True, check=False, env=environment)


def test_busyboxs_mke2fs_is_not_left_in_the_place_of_the_real_one(computer: Path) -> None:
    taken = Path(f"{computer}/initramfs{computer}/sbin/mke2fs")
    taken.parent.mkdir(parents=True)
    busybox = computer / "initramfs/busybox"
    busybox.write_text("busybox")
    os.link(busybox, taken)
    done = run(computer)
    assert done.returncode == 0, done.stderr
    for name in _TOOLS:
        assert (taken.parent / name).read_text() == f"the real {name}"
    assert busybox.read_text() == "busybox"


@pytest.mark.skipif(shutil.which("cmp") is None, reason="diffutils is not installed")
def test_a_tool_that_is_missing_ends_the_build(computer: Path) -> None:
    (computer / "sbin/cryptsetup").unlink()
    done = run(computer)
    assert done.returncode == 1
    assert "cryptsetup did not get into the initramfs" in done.stderr
