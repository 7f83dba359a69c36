"""Which slot starts, when one is confirmed or taken back, and which bundle is installed: the box's own programs."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image"))
sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image/programs"))
import boot_slots
import confirm_slot
import disk
import install_update

IMAGE = Path(__file__).parents[3] / "image-build/image"
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
FACTORY = {"first": "A", "a": "good", "b": "bad"}


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """The partition boot-state of a new box."""
    path = tmp_path / "boot-state"
    path.write_bytes(bytes(1 << 20))
    boot_slots.write(path, FACTORY)
    return path


def said(device: Path, *words: str) -> str:
    return boot_slots.main(words, device)


def test_an_update_is_on_trial_until_it_is_confirmed(device: Path) -> None:
    said(device, "set-state", "B", "bad")  # RAUC begins to write
    assert said(device, "get-primary") == "A"
    said(device, "set-primary", "B")
    assert boot_slots.read(device) == {"first": "B", "a": "good", "b": "try3"}
    assert said(device, "get-primary") == "B"
    assert said(device, "get-state", "B") == "good"
    said(device, "set-state", "B", "good")
    assert boot_slots.read(device) == {"first": "B", "a": "good", "b": "good"}


def test_what_was_taken_back_does_not_start(device: Path) -> None:
    said(device, "set-primary", "B")
    said(device, "set-state", "B", "bad")
    assert said(device, "get-state", "B") == "bad"
    assert said(device, "get-primary") == "A"


def test_a_confirmed_slot_that_is_chosen_again_needs_no_trial(device: Path) -> None:
    said(device, "set-state", "B", "good")
    said(device, "set-primary", "B")
    assert boot_slots.read(device)["b"] == "good"


@pytest.mark.parametrize("torn", boot_slots.COPIES_AT)
def test_one_copy_is_enough(device: Path, torn: int) -> None:
    said(device, "set-primary", "B")
    with device.open("r+b") as file:
        file.seek(torn)
        file.write(bytes(boot_slots.BLOCK_SIZE))
    assert said(device, "get-primary") == "B"


def test_without_any_copy_it_is_as_from_the_factory(device: Path) -> None:
    device.write_bytes(bytes(1 << 20))
    assert boot_slots.read(device) == FACTORY


def test_the_state_fits_the_sector_that_a_disk_writes_whole() -> None:
    block = boot_slots.packed(FACTORY | {"extra": "x" * 300})
    assert len(block) == boot_slots.BLOCK_SIZE
    assert not block[boot_slots.SECTOR_SIZE :].strip(b"#")
    with pytest.raises(boot_slots.StateError, match="a sector takes"):
        boot_slots.packed(FACTORY | {"extra": "x" * 600})


@pytest.mark.parametrize("words", [[], ["get-state", "C"], ["set-state", "A", "fine"], ["get-current"]])
def test_other_words_are_refused(device: Path, words: list[str]) -> None:
    before = device.read_bytes()
    with pytest.raises(boot_slots.StateError, match="knows no"):
        boot_slots.main(words, device)
    assert device.read_bytes() == before


def shown(active: str = "active", restarts: str = "0") -> dict[str, str]:
    return {"ActiveState": active, "NRestarts": restarts, "StatusText": "https://nailfold:8080"}


@pytest.mark.parametrize(
    ("station", "settled_s", "answers", "outcome"),
    [
        (shown(), 61.0, True, "good"),
        (shown(), 59.0, True, ""),
        (shown(), 61.0, False, ""),
        (shown("activating"), 10_000.0, False, ""),
        (shown("activating", "2"), 0.0, False, ""),
        (shown("activating", "3"), 0.0, False, "bad: the station was started again 3 times"),
        (shown("failed"), 0.0, False, "bad: the station failed"),
    ],
)
def test_a_slow_start_is_no_bad_one(station: dict[str, str], settled_s: float, answers: bool, outcome: str) -> None:
    assert confirm_slot.verdict(station, settled_s, lambda _: answers) == outcome


def test_a_station_that_has_no_data_folder_to_start_on_is_given_up() -> None:
    waiting = confirm_slot.verdict(shown("inactive"), 0.0, lambda _: False, has_data=True)
    assert waiting == "", "an update of the fleet has stopped it"
    given_up = confirm_slot.verdict(shown("inactive"), 0.0, lambda _: False, has_data=False)
    assert given_up == "bad: the data partition cannot be used"


def test_the_page_is_asked_for_only_at_an_address() -> None:
    assert not confirm_slot.page_comes("starting for 20 s")


def test_a_bundle_that_a_slot_holds_is_left_alone() -> None:
    factory = {"rootfs.0": {"state": "booted", "slot_status": {}}}
    updated = {"rootfs.1": {"state": "inactive", "slot_status": {"checksum": {"sha256": "ab12", "size": 4096}}}}
    assert install_update.held({"slots": [factory, updated]}) == {"ab12"}
    assert install_update.image_digest({"images": [{"rootfs": {"checksum": "ab12"}}]}) == "ab12"


def test_partitions_follow_one_another_and_have_their_numbers() -> None:
    parts = disk.Layout(slot_mib=8).partitions
    ends = [part.first_mib + part.size_mib for part in parts]
    assert [part.first_mib for part in parts[1:]] == ends[:-1]
    names = [part.name for part in parts]
    assert names == ["bios", "efi", "boot-state", "root-a", "root-b", "key"]
    grub = (IMAGE / "grub.cfg").read_text()
    for copy in boot_slots.COPIES:
        assert grub.count(f"gpt{names.index('boot-state') + 1})/{copy}") == 2
    for name in ("root-a", "root-b"):
        assert f"set part={names.index(name) + 1}; set label={name}" in grub


@pytest.mark.skipif(shutil.which("mcopy", path=SBIN) is None, reason="mtools is not installed")
@pytest.mark.skipif(shutil.which("mkfs.vfat", path=SBIN) is None, reason="dosfstools is not installed")
def test_grub_and_the_box_mean_the_same_bytes(tmp_path: Path) -> None:
    place = disk.Layout().partitions[2]
    image = disk._boot_state(tmp_path, place, 1_764_500_000)
    assert boot_slots.read(image) == FACTORY
    boot_slots.write(image, FACTORY | {"first": "B", "b": "try3"})
    for copy in boot_slots.COPIES:
        named = subprocess.run(["mtype", "-i", image, f"::{copy}"], check=True, capture_output=True).stdout
        assert boot_slots.unpacked(named) == FACTORY | {"first": "B", "b": "try3"}


@pytest.mark.skipif(not Path("/usr/lib/grub/i386-pc/boot.img").exists(), reason="grub-pc-bin is not installed")
def test_the_first_sector_leads_to_grub(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(4 * disk.MIB))
    bios = disk.Layout().partitions[0]
    with image.open("r+b") as file:
        disk._write_bios_grub(file.fileno(), bios, tmp_path)
    written = image.read_bytes()
    assert struct.unpack_from("<Q", written, 0x5C)[0] * disk.SECTOR == bios.offset
    start, count, segment = struct.unpack_from("<QHH", written, bios.offset + disk.SECTOR - 12)
    assert (start * disk.SECTOR, segment) == (bios.offset + disk.SECTOR, 0x0820)
    core = (tmp_path / "core.img").read_bytes()
    assert count == -(-len(core) // disk.SECTOR) - 1
    assert written[510:512] == b"\0\0", "the table writes the signature"
