"""The data partition of a Jetson, on files in its place: made once, checked, erased, never made anew by mistake."""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson/programs"))
import data_partition
from data_partition import ERASE, ERASED, MADE, MAKING, MIB, NAME, Disk, PartitionError

SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
NEEDS = ("mke2fs", "e2fsck", "debugfs", "dumpe2fs", "blkid")
SIZE = 24 * MIB
WITH_SPARE = 160 * MIB
"""There is a second group of blocks, in which the spare superblock lies."""

pytestmark = pytest.mark.skipif(
    any(shutil.which(program, path=SBIN) is None for program in NEEDS), reason=f"one of {NEEDS} is not installed"
)


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", SBIN)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _with_exam(tmp_path_factory.mktemp("made"), SIZE)


@pytest.fixture(scope="module")
def large_made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _with_exam(tmp_path_factory.mktemp("large"), WITH_SPARE)


def _with_exam(folder: Path, size: int) -> Path:
    """A partition that is in use."""
    (folder / "content/nailfold").mkdir(parents=True)
    (folder / "content/nailfold/exam").write_text("twelve loops\n" * 500)
    device = folder / "device"
    _fresh(device, size)
    blocks = str((size - MIB) // 4096)
    make = ["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", NAME, "-d", folder / "content", device, blocks]
    subprocess.run(make, check=True, env={"PATH": SBIN})
    data_partition.write_note(device, MADE)
    return device


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """As flashing leaves it."""
    return _fresh(tmp_path / "device")


@pytest.fixture
def used(made_once: Path, tmp_path: Path) -> Path:
    return _copy(made_once, tmp_path / "device")


@pytest.fixture
def large(large_made_once: Path, tmp_path: Path) -> Path:
    return _copy(large_made_once, tmp_path / "device")


def _copy(made: Path, device: Path) -> Path:
    subprocess.run(["cp", "--sparse=always", made, device], check=True)
    return device


def _fresh(device: Path, size: int = SIZE) -> Path:
    with device.open("wb") as file:
        file.truncate(size)
    return device


def exam_in(device: Path) -> str:
    told = subprocess.run(["debugfs", "-R", "cat /nailfold/exam", device], check=True, capture_output=True, text=True)
    return told.stdout


def made_as(device: Path) -> str:
    """The file system's own number; a new one has another."""
    told = subprocess.run(
        ["blkid", "-p", "-s", "UUID", "-o", "value", device], check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def digest(device: Path) -> int:
    """Without the first block: in the superblock stands when it was last looked at."""
    return zlib.crc32(device.read_bytes()[4096:])


def is_whole(device: Path) -> bool:
    return subprocess.run(["e2fsck", "-f", "-n", device], check=False, capture_output=True).returncode == 0


def overwrite(device: Path, at: int, content: bytes) -> None:
    with device.open("r+b") as file:
        file.seek(at)
        file.write(content)


def test_an_empty_partition_gets_a_file_system_at_the_first_start_alone(new: Path) -> None:
    data_partition.make_ready(new)
    first = made_as(new)
    assert is_whole(new)
    assert data_partition.signature(new) == ("ext4", NAME)
    assert data_partition.note(new) == (MADE, b"")
    data_partition.make_ready(new)
    assert made_as(new) == first


def test_what_is_in_use_is_left_as_it_is(used: Path) -> None:
    first, before = made_as(used), digest(used)
    data_partition.make_ready(used)
    assert (made_as(used), digest(used)) == (first, before)


def test_the_note_lies_behind_the_file_system(new: Path) -> None:
    data_partition.make_ready(new)
    told = subprocess.run(["dumpe2fs", "-h", new], check=True, capture_output=True, text=True).stdout
    [blocks] = [int(line.split()[-1]) for line in told.splitlines() if line.startswith("Block count:")]
    assert blocks * 4096 <= SIZE - MIB
    data_partition.ask_to_erase(new)
    assert is_whole(new)


def test_what_lay_on_the_disk_before_is_no_file_system(new: Path) -> None:
    rubbish = random.Random(4).randbytes(4 * MIB)
    overwrite(new, 0, rubbish)
    overwrite(new, SIZE - 4 * MIB - 4096, rubbish)
    data_partition.make_ready(new)
    assert is_whole(new)


@pytest.mark.parametrize("part", [0, 1, 3, 7, 8])
def test_a_making_that_was_cut_short_begins_anew(new: Path, made_once: Path, part: int) -> None:
    data_partition.write_note(new, MAKING)
    whole = made_once.read_bytes()[: SIZE - MIB]
    overwrite(new, 0, whole[: len(whole) * part // 8])
    data_partition.make_ready(new)
    assert is_whole(new)
    assert data_partition.note(new) == (MADE, b"")
    assert exam_is_gone(new)


def exam_is_gone(device: Path) -> bool:
    return exam_in(device) == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda device: overwrite(device, 0, bytes(4096)),
        lambda device: overwrite(device, 1024 + 56, b"\0\0"),
        lambda device: overwrite(device, 4096, random.Random(1).randbytes(4096)),
    ],
    ids=["first block", "magic", "group descriptors"],
)
def test_a_damaged_file_system_is_repaired_and_not_made_anew(large: Path, damage: Callable[[Path], None]) -> None:
    first = made_as(large)
    damage(large)
    data_partition.make_ready(large)
    assert made_as(large) == first
    assert is_whole(large)
    assert exam_in(large) == "twelve loops\n" * 500


def test_a_lost_superblock_is_no_empty_partition_even_where_nobody_noted_the_making(large: Path) -> None:
    data_partition.write_note(large, b"")
    first = made_as(large)
    overwrite(large, 0, bytes(4096))
    data_partition.make_ready(large)
    assert made_as(large) == first


def test_damage_beyond_repair_is_told_and_nothing_is_made_anew(used: Path) -> None:
    overwrite(used, 0, random.Random(2).randbytes(SIZE - MIB))
    before = digest(used)
    with pytest.raises(PartitionError, match="could not be repaired; it was NOT made anew"):
        data_partition.make_ready(used)
    assert digest(used) == before


def _as_swap(device: Path) -> None:
    overwrite(device, 4096 - 10, b"SWAPSPACE2")
    overwrite(device, 1024, struct.pack("<II", 1, SIZE // 4096 - 1))


def _by_mke2fs(*how: str) -> Callable[[Path], None]:
    return lambda device: subprocess.run(["mke2fs", "-q", "-F", *how, device], check=True) and None


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (_by_mke2fs("-t", "ext4", "-L", "APP"), "holds ext4 called 'APP'"),
        (_by_mke2fs("-t", "ext2"), "holds ext2,"),
        (_as_swap, "holds swap"),
    ],
    ids=["another ext4", "ext2", "swap"],
)
def test_what_somebody_else_has_put_there_is_refused_and_stays(
    new: Path, fill: Callable[[Path], None], said: str
) -> None:
    fill(new)
    before = digest(new)
    with pytest.raises(PartitionError, match=said):
        data_partition.make_ready(new)
    assert digest(new) == before


class Board:
    """A disk with two roots as the kernel shows it, and what the programs leave for those behind them."""

    def __init__(self, folder: Path, device: Path, names: tuple[str, ...] = ("APP", "APP_b", NAME)) -> None:
        self._folder, self.state = folder, folder / "state"
        self.state.mkdir()
        devices = [folder / f"root{number}" for number in range(len(names) - 1)] + [device]
        self.names, self.devices = names, tuple(zip(names, devices, strict=True))

    def start(self, root: str = "APP", is_on_trial: bool = False, least_bytes: int = SIZE) -> None:
        for left in self.state.iterdir():
            left.unlink()
        data_partition.prepare(Disk(root, self.devices), self.state, is_on_trial, least_bytes)


def test_both_roots_get_the_same_partition_and_know_their_slot(new: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, new)
    board.start("APP")
    first = made_as(new)
    assert (board.state / "slot").read_text() == "A\n"
    board.start("APP_b")
    assert (board.state / "slot").read_text() == "B\n"
    assert (board.state / "partition").resolve() == new
    assert made_as(new) == first


@pytest.mark.parametrize(("root", "other"), [("APP", "root1"), ("APP_b", "root0")])
def test_the_other_root_is_looked_at_on_trial_alone(new: Path, tmp_path: Path, root: str, other: str) -> None:
    board = Board(tmp_path, new)
    board.start(root)
    assert not (board.state / "other").is_symlink()
    board.start(root, is_on_trial=True)
    assert Path(os.readlink(board.state / "other")).name == other


def test_what_comes_behind_is_told_of_a_repair_at_that_start_alone(large: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, large)
    board.start()
    assert not (board.state / "is-repaired").exists()
    overwrite(large, 1024 + 56, b"\0\0")
    board.start()
    assert (board.state / "is-repaired").exists()
    board.start()
    assert not (board.state / "is-repaired").exists()


def test_a_disk_that_was_flashed_without_it_is_named_as_such(new: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, new, ("APP", "APP_b", "UDA"))
    before = digest(new)
    with pytest.raises(PartitionError, match="no partition nailfold-data: it was flashed without one"):
        board.start()
    assert digest(new) == before
    assert not (board.state / "partition").is_symlink()


def test_a_partition_that_is_too_small_is_refused_before_anything_is_made(new: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, new)
    with pytest.raises(PartitionError, match="has 24 MiB and needs 25"):
        board.start(least_bytes=SIZE + MIB)
    assert data_partition.signature(new) == ("", "")


def test_two_of_one_name_are_none(new: Path, tmp_path: Path) -> None:
    with pytest.raises(PartitionError, match="has 2 partitions called nailfold-data"):
        Board(tmp_path, new, ("APP", NAME, NAME)).start()


def test_a_root_that_is_no_slot_is_refused(new: Path, tmp_path: Path) -> None:
    with pytest.raises(PartitionError, match="'RECROOTFS', not one of APP and APP_b"):
        Board(tmp_path, new).start("RECROOTFS")


def test_a_stick_with_a_partition_of_that_name_is_another_disk(tmp_path: Path) -> None:
    """Only what the kernel shows beside the running root counts."""
    number = tmp_path.stat().st_dev
    disk, stick = tmp_path / "sys/devices/nvme0n1", tmp_path / "sys/devices/sda"
    for place, name in ((disk / "nvme0n1p1", "APP"), (disk / "nvme0n1p17", NAME), (stick / "sda1", NAME)):
        place.mkdir(parents=True)
        (place / "partition").write_text(place.name[-1])
        (place / "uevent").write_text(f"DEVNAME={place.name}\nPARTN=1\nPARTNAME={name}\n")
    (disk / "queue").mkdir()
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    (tmp_path / f"sys/dev/block/{os.major(number)}:{os.minor(number)}").symlink_to(disk / "nvme0n1p1")
    found = data_partition.look_at_disk(tmp_path / "sys", Path("/dev"), tmp_path)
    assert (found.root, found.partition(NAME)) == ("APP", Path("/dev/nvme0n1p17"))


def test_erasing_leaves_nothing_of_the_exams_and_proves_it(used: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, used)
    board.start()
    before = made_as(used)
    data_partition.ask_to_erase(board.state / "partition")
    board.start()
    assert b"twelve loops" not in used.read_bytes()
    assert made_as(used) != before
    proof = json.loads((board.state / "erased.json").read_text())
    assert (proof["reads_back_as_zero"], proof["overwritten_bytes"]) == (True, SIZE - MIB)
    assert (board.state / "other").is_symlink(), "exams of an older system may lie there"
    fresh = made_as(used)
    board.start()
    assert made_as(used) == fresh, "it is erased once"
    assert json.loads((board.state / "erased.json").read_text()) == proof, "until somebody has kept it"
    data_partition.ask_to_erase(board.state / "partition")
    board.start()
    assert json.loads((board.state / "erased.json").read_text())["erasing"] != proof["erasing"]


class PowerCut(BaseException):
    """Nothing catches it."""


def test_erasing_that_is_cut_short_at_any_step_begins_anew(
    used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board(tmp_path, used)
    board.start()
    data_partition.ask_to_erase(board.state / "partition")
    monkeypatch.setattr(data_partition, "_CHUNK", 12 * MIB)
    real, steps = {"pwrite": os.pwrite, "pread": os.pread, "fsync": os.fsync}, 0

    def cut_at(count: int) -> None:
        left = [count]

        def counted(name: str) -> Callable[..., object]:
            def call(*words: object) -> object:
                left[0] -= 1
                if left[0] < 0:
                    raise PowerCut
                return real[name](*words)  # type: ignore[operator]

            return call

        for name in real:
            monkeypatch.setattr(os, name, counted(name))

    while True:
        cut_at(steps)
        try:
            board.start()
        except PowerCut:
            steps += 1
            assert data_partition.note(used)[0] in (ERASE, MAKING)
            continue
        break
    for name, call in real.items():
        monkeypatch.setattr(os, name, call)
    assert steps > 6
    assert data_partition.note(used)[0] == ERASED
    assert b"twelve loops" not in used.read_bytes()
    assert is_whole(used)
