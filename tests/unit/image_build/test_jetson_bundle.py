"""An update for a Jetson: what is in it, and what its hook gives the new root that flashing would have."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson"))
sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image"))
import jetson_bundle
from build_bundle import build_bundle
from test_ca import make_test_ca

JETSON = Path(__file__).parents[3] / "image-build/jetson"
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
UUID = "2d0f6f0e-5a1c-4a53-9c8c-0a51f0c0ffee"
# As flashing leaves it, and as a package of NVIDIA's brings it.
FLASHED = """TIMEOUT 30
DEFAULT primary
LABEL primary
      MENU LABEL primary kernel
      LINUX /boot/Image
      OVERLAYS /boot/nailfold-pins.dtbo
      FDT /boot/dtb/kernel_tegra234-p3768.dtb
      INITRD /boot/initrd
      APPEND ${cbootargs} root=PARTUUID=11111111-aaaa rw rootwait rootfstype=ext4 console=ttyTCU0,115200
"""
PACKAGED = """TIMEOUT 30
DEFAULT primary
LABEL primary
      MENU LABEL primary kernel
      LINUX /boot/Image
      OVERLAYS /boot/nailfold-pins.dtbo
      INITRD /boot/initrd
      APPEND ${cbootargs} quiet
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As build_root.sh leaves it, small."""
    root = tmp_path / "rootfs"
    modules = root / "lib/modules/5.15.148-tegra"
    for name, text in (
        ("etc/machine-id", ""),
        ("etc/ssh/ssh_host_ed25519_key", "secret"),
        ("var/lib/nailfold-confirmed", ""),
        ("var/lib/nailfold/exam", "of the house that built it"),
        ("usr/lib/nailfold/data-folders", "#!/usr/bin/python3\n"),
        ("boot/extlinux/extlinux.conf", PACKAGED),
        (f"{modules.relative_to(root)}/modules.builtin", "kernel/fs/squashfs/squashfs.ko\n"),
        (
            f"{modules.relative_to(root)}/modules.order",
            "kernel/drivers/md/dm-verity.ko\nkernel/drivers/block/loop.ko\n",
        ),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_new_root_is_on_trial_and_nobodys(root: Path, tmp_path: Path) -> None:
    jetson_bundle.pack(root, tmp_path / "root.tar", 1_700_000_000)
    with tarfile.open(tmp_path / "root.tar") as packed:
        names = {entry.name.removeprefix("./") for entry in packed if not entry.isdir()}
        folders = {entry.name.removeprefix("./") for entry in packed if entry.isdir()}
    assert {"boot/extlinux/extlinux.conf", "etc/machine-id", "usr/lib/nailfold/data-folders"} <= names
    assert not {"var/lib/nailfold-confirmed", "var/lib/nailfold/exam", "etc/ssh/ssh_host_ed25519_key"} & names
    assert "var/lib/nailfold" in folders, "what the data partition is bound over"


def test_the_same_root_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    jetson_bundle.pack(root, tmp_path / "first.tar", 1_700_000_000)
    again = tmp_path / "elsewhere"
    shutil.copytree(root, again)
    jetson_bundle.pack(again, tmp_path / "second.tar", 1_700_000_000)
    assert (tmp_path / "first.tar").read_bytes() == (tmp_path / "second.tar").read_bytes()


@pytest.mark.parametrize("name", jetson_bundle.KERNEL_NEEDS)
def test_a_kernel_that_could_never_install_the_next_one_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    for told in root.glob("lib/modules/*/modules.*"):
        told.write_text("".join(line for line in told.read_text().splitlines(True) if f"/{name}.ko" not in line))
    with pytest.raises(SystemExit, match=f"has no {name}: a box with it cannot install a bundle"):
        jetson_bundle.pack(root, tmp_path / "root.tar", 1_700_000_000)


def test_a_root_that_was_started_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "etc/machine-id").write_text("1" * 32)
    with pytest.raises(SystemExit, match="names a box"):
        jetson_bundle.pack(root, tmp_path / "root.tar", 1_700_000_000)


@pytest.mark.skipif(shutil.which("rauc") is None, reason="rauc is not installed")
def test_rauc_finds_it_whole_signed_and_for_this_kind_of_box(root: Path, tmp_path: Path) -> None:
    ca = make_test_ca(tmp_path / "ca")
    (root / "boot/Image").write_bytes(os.urandom(1 << 16))  # a verity bundle has more than one block
    jetson_bundle.pack(root, tmp_path / "root.tar", 1_700_000_000)
    bundle = tmp_path / "update.raucb"
    hook = JETSON / "bundle_hook.sh"
    build_bundle(tmp_path / "root.tar", "0.2.0", ca.signer, ca.key, bundle, jetson_bundle.COMPATIBLE, hook)
    configuration = tmp_path / "system.conf"
    own = (JETSON / "overlay/etc/rauc/system.conf").read_text()
    configuration.write_text(own.replace("/etc/rauc/keyring.pem", str(ca.authority)))
    command = ["rauc", "--conf", configuration, "info", "--output-format=json", bundle]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert f"compatible={told['compatible']}\n" in own
    [image] = [image for entry in told["images"] for image in entry.values()]
    assert (told["version"], image["filename"], image["hooks"]) == ("0.2.0", "root.tar", ["post-install"])


class Board:
    """The root that runs and the slot that RAUC has just written, as folders; its partition is what blkid says."""

    def __init__(self, folder: Path) -> None:
        self.running, self.new, self._programs = folder / "running", folder / "slot", folder / "bin"
        for root, text in ((self.running, FLASHED), (self.new, PACKAGED)):
            (root / "boot/extlinux").mkdir(parents=True)
            (root / "boot/extlinux/extlinux.conf").write_text(text)
        (self.running / "boot/dtb").mkdir()
        (self.running / "boot/dtb/kernel_tegra234-p3768.dtb").write_text("of this very board")
        self._programs.mkdir()
        self.partition_is(UUID)

    def partition_is(self, uuid: str) -> None:
        program = self._programs / "blkid"
        program.write_text(f"#!/bin/sh\necho {uuid}\n")
        program.chmod(0o755)

    def hook(self) -> "subprocess.CompletedProcess[str]":
        told = {"RAUC_SLOT_MOUNT_POINT": str(self.new), "RAUC_SLOT_DEVICE": "/dev/nvme0n1p2"}
        environment = {"PATH": f"{self._programs}:{PATH}", "NAILFOLD_RUNNING_ROOT": f"{self.running}/", **told}
        command = ["sh", str(JETSON / "bundle_hook.sh"), "slot-post-install"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    @property
    def lines(self) -> dict[str, str]:
        text = (self.new / "boot/extlinux/extlinux.conf").read_text()
        return dict(line.split(None, 1) for line in text.splitlines() if line.startswith(" "))


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_the_new_root_starts_from_its_own_partition_with_the_boards_own_words(board: Board) -> None:
    done = board.hook()
    assert done.returncode == 0, done.stderr
    words = board.lines["APPEND"].split()
    assert [word for word in words if word.startswith("root=")] == [f"root=PARTUUID={UUID}"]
    assert {"${cbootargs}", "rw", "rootwait", "console=ttyTCU0,115200"} <= set(words)
    assert board.lines["LINUX"] == "/boot/Image"
    assert board.lines["OVERLAYS"] == "/boot/nailfold-pins.dtbo"


def test_the_boards_device_tree_comes_along_where_the_new_root_brings_none(board: Board) -> None:
    assert board.hook().returncode == 0
    tree = "boot/dtb/kernel_tegra234-p3768.dtb"
    assert board.lines["FDT"] == f"/{tree}"
    assert (board.new / tree).read_text() == "of this very board"
    (board.new / tree).write_text("newer")
    assert board.hook().returncode == 0
    assert (board.new / tree).read_text() == "newer"


@pytest.mark.parametrize("fault", ["no APPEND", "no partition", "no extlinux.conf"])
def test_a_root_that_would_not_start_is_not_chosen(board: Board, fault: str) -> None:
    """RAUC ends the installation where the hook fails, before it chooses the slot."""
    if fault == "no APPEND":
        (board.running / "boot/extlinux/extlinux.conf").write_text("LABEL primary\n")
    elif fault == "no partition":
        board.partition_is("")
    else:
        (board.new / "boot/extlinux/extlinux.conf").unlink()
    before = {path: path.read_bytes() for path in board.new.rglob("*") if path.is_file()}
    done = board.hook()
    assert done.returncode == 1
    assert done.stderr.startswith("nailfold: ")
    assert {path: path.read_bytes() for path in board.new.rglob("*") if path.is_file()} == before
