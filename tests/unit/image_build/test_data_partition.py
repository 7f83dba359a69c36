"""The data partition as the initramfs makes and erases it, in busybox's shell, on a disk that is a file."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.apps.station.data_check import read_data_check
from appliance.domain.box_settings import DataCheck

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image/programs"))
import install_update
import screen

FUNCTIONS = Path(__file__).parents[3] / "image-build/image/overlay/usr/share/nailfold/data-partition.sh"
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
NEEDS = ("busybox", "cryptsetup", "sfdisk", "mke2fs", "e2fsck", "dumpe2fs", "debugfs")
MIB = 1 << 20

pytestmark = pytest.mark.skipif(
    any(shutil.which(program, path=SBIN) is None for program in NEEDS), reason=f"one of {NEEDS} is not installed"
)


class Disk:
    """A disk, and beside it what is a partition of it on the box."""

    def __init__(self, folder: Path) -> None:
        self.disk, self.key, self.data = folder / "disk.img", folder / "key", folder / "data"
        for file, size in ((self.disk, 64 * MIB), (self.key, MIB), (self.data, 48 * MIB)):
            with file.open("wb") as made:
                made.truncate(size)
        table = "label: gpt\nsize=8MiB, name=root-a\nsize=1MiB, name=key\n"
        subprocess.run(["sfdisk", "--quiet", self.disk], input=table, text=True, check=True, env={"PATH": SBIN})

    def do(self, line: str) -> "subprocess.CompletedProcess[str]":
        """A line of the script, as the initramfs runs it."""
        named = f'DISK="{self.disk}"; KEY="{self.key}"; DATA="{self.data}"; NUMBER=3; . "{FUNCTIONS}"; {line}'
        command = ["busybox", "sh", "-c", named]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": SBIN})

    def made(self, line: str) -> str:
        done = self.do(line)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def partitions(self) -> list[dict[str, object]]:
        told = subprocess.run(
            ["sfdisk", "--json", self.disk], check=True, capture_output=True, text=True, env={"PATH": SBIN}
        )
        parts: list[dict[str, object]] = json.loads(told.stdout)["partitiontable"]["partitions"]
        return parts


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_the_partition_takes_all_of_a_disk_that_is_larger_than_the_image(disk: Disk) -> None:
    with disk.disk.open("r+b") as file:
        file.truncate(128 * MIB)
    disk.made("append_partition")
    made = disk.partitions[2]
    assert (made["name"], str(made["type"]).lower()) == ("data-new", "6e61696c-666f-4c64-8000-646174610000")
    assert int(str(made["size"])) * 512 >= 116 * MIB


def test_it_is_called_data_only_once_it_is_whole(disk: Disk) -> None:
    disk.made("append_partition; name_partition data")
    assert [part["name"] for part in disk.partitions] == ["root-a", "key", "data"]


def test_only_the_key_of_this_box_opens_the_data(disk: Disk) -> None:
    disk.made('encrypt "$DATA"')
    key = disk.made("read_key")
    assert len(bytes.fromhex(key)) == 64
    disk.made('opens "$DATA"')
    disk.made("fresh_key")
    assert disk.made("read_key") != key
    assert disk.do('opens "$DATA"').returncode != 0


def test_a_first_start_that_was_cut_short_begins_anew(disk: Disk) -> None:
    disk.made('encrypt "$DATA"')
    before = disk.made("read_key")
    disk.made('encrypt "$DATA"; opens "$DATA"')
    assert disk.made("read_key") != before


def test_what_was_erased_no_key_opens_and_the_proof_says_so(disk: Disk) -> None:
    disk.made('encrypt "$DATA"; ask_to_erase')
    assert disk.do("is_erase_asked").returncode == 0
    disk.made('opens "$DATA"')
    key, volume = disk.made("read_key"), disk.made('cryptsetup luksUUID "$DATA"').strip()
    before = disk.data.read_bytes()
    proof = json.loads(disk.made('erase "$DATA"'))
    discarded = proof.pop("discarded")
    assert isinstance(discarded, bool)
    whole = {"header_is_zero": True, "old_key_is_refused": True, "key_is_overwritten": True}
    assert proof == {"volume": volume, **whole}
    assert screen.is_proven(proof)
    assert key.encode() not in disk.key.read_bytes()
    assert before[:4096] not in disk.data.read_bytes()
    assert disk.do("is_erase_asked").returncode == 0, "a power cut now begins anew"
    disk.made("forget_request")
    assert disk.do("is_erase_asked").returncode != 0


def test_erasing_that_was_cut_short_goes_on_at_the_next_start(disk: Disk) -> None:
    disk.made('encrypt "$DATA"; ask_to_erase; cryptsetup erase --batch-mode "$DATA"')
    assert json.loads(disk.made('erase "$DATA"'))["old_key_is_refused"]
    again = json.loads(disk.made('erase "$DATA"'))
    assert (again["volume"], again["header_is_zero"]) == ("", True)


def test_a_repair_that_took_the_exams_their_name_does_not_end_as_a_new_box(disk: Disk, tmp_path: Path) -> None:
    data = tmp_path / "mounted"
    (data / "lost+found").mkdir(parents=True)
    lost = f'has_lost_its_exams "{data}"'
    assert disk.do(lost).returncode != 0, "a new one"
    (data / "nailfold").mkdir()
    (data / "lost+found/#13").touch()
    assert disk.do(lost).returncode != 0, "a file alone"
    (data / "nailfold").rename(data / "lost+found/#12")
    disk.made(lost)


EXAM = "twelve loops\n" * 500


def make_file_system(disk: Disk, folder: Path) -> None:
    """With one exam in it, and no spare word about where that lies but the spare copies."""
    (folder / "filled/nailfold").mkdir(parents=True)
    (folder / "filled/nailfold/exam").write_text(EXAM)
    subprocess.run(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-d", folder / "filled", disk.data], check=True, env={"PATH": SBIN}
    )


def overwrite(file: Path, at: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(content)


@pytest.mark.parametrize(
    ("damage", "is_damage"),
    [
        (lambda data: None, False),
        (lambda data: overwrite(data, 0, bytes(2048)), True),
        (lambda data: overwrite(data, 1024 + 56, b"\0\0"), True),
        (lambda data: overwrite(data, 2048, random.Random(1).randbytes(1024)), True),
    ],
    ids=["none", "first blocks", "magic", "table of groups"],
)
def test_a_damaged_file_system_is_repaired_and_keeps_its_exams(
    disk: Disk, tmp_path: Path, damage: Callable[[Path], None], is_damage: bool
) -> None:
    make_file_system(disk, tmp_path)
    damage(disk.data)
    told = disk.made(f'check "$DATA" >&2 && note_check "{tmp_path}" /dev/stdout')
    assert json.loads(told) == {"is_repaired": is_damage, "without_name": 0, "set_aside": []}
    disk.made('e2fsck -f -n "$DATA"')
    assert disk.made('debugfs -R "cat nailfold/exam" "$DATA"') == EXAM


def test_the_station_is_told_what_lies_without_a_name(disk: Disk, tmp_path: Path) -> None:
    note = tmp_path / "note"
    (tmp_path / "lost+found/#12").mkdir(parents=True)
    (tmp_path / "lost+found/#13").touch()
    disk.made(f'IS_REPAIRED=true; note_check "{tmp_path}" "{note}"')
    assert read_data_check(note) == DataCheck(is_repaired=True, without_name=2, set_aside=())


def test_what_is_beyond_repair_is_not_called_whole(disk: Disk) -> None:
    assert disk.do('check "$DATA"').returncode != 0


def test_a_new_box_asks_for_nothing_to_be_erased_and_has_no_key(disk: Disk) -> None:
    assert disk.do("is_erase_asked").returncode != 0
    assert disk.made("read_key") == ""
    assert disk.do('opens "$DATA"').returncode != 0


def test_a_stick_erases_the_box_that_it_names_and_no_other(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "erase-4f3a91c2").touch()
    assert install_update.is_erase_asked(tmp_path, "4f3a91c2d5e64b0f9a7c1e2d3f405162\n")
    assert not install_update.is_erase_asked(tmp_path, "4f3a91c3d5e64b0f9a7c1e2d3f405162\n")


def test_a_slip_in_the_settings_of_a_stick_can_be_put_right_with_another(tmp_path: Path) -> None:
    data, stick = tmp_path / "data", tmp_path / "stick"
    for folder in (data / "settings", data / "nailfold", stick):
        folder.mkdir(parents=True)
    settings = data / "settings/site.toml"
    settings.write_text("# of the image")

    def start() -> str:
        script = f'. {FUNCTIONS}; ! is_new "{data}" || take_settings "{data}" "{stick}"'
        subprocess.run(["busybox", "sh", "-eu", "-c", script], check=True)
        assert os.listdir(data / "settings") == ["site.toml"]
        return settings.read_text()

    assert start() == "# of the image"
    (stick / "site.toml").write_text("[web\n")
    assert start() == "[web\n"
    (stick / "site.toml").rename(stick / "site.toml.txt")
    (stick / "site.toml.txt").write_text("[web]\n")
    assert start() == "[web]\n"
    # It has started once: from then on its settings are its own.
    (data / "nailfold/access.json").write_text("{}")
    (stick / "site.toml").write_text("# of another")
    assert start() == "[web]\n"


def test_the_initramfs_reads_what_the_stick_asked_for(disk: Disk) -> None:
    disk.made('encrypt "$DATA"')
    key = disk.made("read_key")
    install_update.ask_to_erase(disk.key)
    disk.made("is_erase_asked")
    assert disk.made("read_key") == key
    disk.made("forget_request")
    assert disk.do("is_erase_asked").returncode != 0


@pytest.mark.parametrize("missing", ["header_is_zero", "old_key_is_refused", "key_is_overwritten"])
def test_an_erasing_with_one_check_that_failed_is_not_called_proven(missing: str) -> None:
    proof = {"header_is_zero": True, "old_key_is_refused": True, "key_is_overwritten": True, "discarded": False}
    assert screen.is_proven(proof)
    assert not screen.is_proven(proof | {missing: False})


# What a computer does that the test must not: it stops, restarts, mounts.
_STUBS = 'panic() { echo "PANIC $*"; exit 9; }; restart() { echo RESTART; exit 8; }; say() { echo "SAID $*"; }; '


def give_up(disk: Disk, stick: Path | None) -> "subprocess.CompletedProcess[str]":
    """The initramfs finds that the data cannot be used; the stick is a folder here."""
    there = (
        ""
        if stick is None
        else f'STICK="{stick}"; mount() {{ rmdir "$6"; ln -sn "$5" "$6"; }}; umount() {{ rm "$1"; }}; '
    )
    place = f'STICK_AT="{disk.key.parent}/mounted"; '
    return disk.do(f'{_STUBS}{place}{there}give_up "the data of this box cannot be opened with its key"')


def test_data_that_cannot_be_used_stay_and_the_screen_says_how_to_give_them_up(disk: Disk) -> None:
    disk.made("append_partition; name_partition data")
    [part] = [part for part in disk.partitions if part["name"] == "data"]
    named = str(part["uuid"]).lower()[:8]
    before = disk.key.read_bytes()
    done = give_up(disk, None)
    assert done.returncode == 9
    assert f"erase-{named}" in done.stdout
    assert "cannot be opened with its key" in done.stdout
    assert disk.key.read_bytes() == before


@pytest.mark.parametrize("says", ["nothing", "another box"])
def test_a_stick_that_does_not_name_this_partition_gives_nothing_up(disk: Disk, tmp_path: Path, says: str) -> None:
    disk.made("append_partition; name_partition data")
    stick = tmp_path / "stick"
    stick.mkdir()
    if says == "another box":
        (stick / "erase-01234567").touch()
    assert give_up(disk, stick).returncode == 9
    assert disk.do("is_erase_asked").returncode != 0


def test_a_stick_that_names_this_partition_has_the_next_start_erase_it(disk: Disk, tmp_path: Path) -> None:
    disk.made("append_partition; name_partition data")
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / f"erase-{disk.made('name_of_disk').strip()}").touch()
    done = give_up(disk, stick)
    assert done.returncode == 8, done.stdout + done.stderr
    assert disk.do("is_erase_asked").returncode == 0
    # A header that was overwritten is no obstacle to the ordinary erasing, with its proof.
    proof = json.loads(disk.made('erase "$DATA"'))
    assert proof["volume"] == ""
    assert screen.is_proven(proof | {"discarded": True})


def test_a_partition_whose_name_is_unreadable_is_given_up_for_nobody(disk: Disk, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "erase-").touch()
    assert give_up(disk, stick).returncode == 9, "there is no third partition here, and so no name"
    assert disk.do("is_erase_asked").returncode != 0
