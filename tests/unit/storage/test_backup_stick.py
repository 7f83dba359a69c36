"""Copies on a stick: a file system of its own, full, read-only or not there (make test-image has a real FAT on USB)."""

import errno
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.domain.box_settings import StickState
from appliance.domain.errors import StoreError
from appliance.storage.backup_stick import BackupStick

COPY, KEYS = "nailfold-copy-20261201T080000Z.sealed", "nailfold-keys-20261201T090000Z.sealed"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A file system of 34 MB, mounted; without the right to, the test is skipped."""
    folder = tmp_path / "backup"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=34m", "stick", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_file_is_kept_whole_and_the_newest_is_named_first(place: Path) -> None:
    stick = BackupStick(place)
    assert stick.state == StickState(True, ())
    stick.keep(COPY, io.BytesIO(b"everything" * 100_000))
    stick.keep(KEYS, io.BytesIO(b"keys"))
    (place / "holiday.jpg").write_bytes(b"not ours")
    assert stick.state == StickState(True, (KEYS, COPY))
    with stick.open(COPY) as file:
        assert file.read() == b"everything" * 100_000
    assert list(place.glob("*.part")) == []


def test_a_full_stick_says_how_much_is_missing_and_keeps_no_part(place: Path) -> None:
    stick = BackupStick(place)
    with pytest.raises(StoreError, match="the file has 40 MB, and 3") as refused:
        stick.keep(COPY, io.BytesIO(bytes(40_000_000)))
    assert "larger stick" in refused.value.remedy
    assert stick.state == StickState(True, ())
    assert list(place.iterdir()) == []


def test_what_a_pulled_out_stick_kept_half_takes_no_room_for_good(place: Path) -> None:
    (place / f"{KEYS}.part").write_bytes(bytes(30_000_000))
    (place / "holiday.part").write_bytes(b"not ours")
    BackupStick(place).keep(COPY, io.BytesIO(bytes(20_000_000)))
    assert sorted(path.name for path in place.iterdir()) == ["holiday.part", COPY]


def test_a_stick_that_may_not_be_written_is_named(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    with pytest.raises(StoreError, match="cannot be written: Read-only"):
        BackupStick(place).keep(COPY, io.BytesIO(b"everything"))


@pytest.mark.parametrize("name", ["../../etc/shadow", "nothing.sealed", ""])
def test_only_its_own_files_are_opened(place: Path, name: str) -> None:
    with pytest.raises(StoreError, match="the stick has no file"):
        BackupStick(place).open(name)


def test_without_a_stick_nothing_is_written_below_its_place(tmp_path: Path) -> None:
    stick = BackupStick(tmp_path)
    assert stick.state == StickState(False, ())
    for refused in (lambda: stick.keep(COPY, io.BytesIO(b"everything")), lambda: stick.open(COPY)):
        with pytest.raises(StoreError, match="no stick called NF-BACKUP"):
            refused()
    assert list(tmp_path.iterdir()) == []


def test_a_computer_that_mounts_no_sticks_offers_none(tmp_path: Path) -> None:
    stick = BackupStick(tmp_path / "nowhere")
    assert stick.state is None
    with pytest.raises(StoreError, match="no stick"):
        stick.open(COPY)


def test_a_stick_that_was_pulled_out_just_now_is_not_there(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "is_dir", fails)
    assert BackupStick(place).state == StickState(False, ())
    assert "Input/output error" in caplog.text
