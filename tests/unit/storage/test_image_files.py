"""Stills on the disk."""

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.storage import image_files
from appliance.storage.image_files import ImageFiles

PNG = b"picture" * 100
DIGEST = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> ImageFiles:
    return ImageFiles(tmp_path / "images", reserve_bytes=0)


def test_written_file_comes_back_and_belongs_to_this_user_alone(files: ImageFiles, tmp_path: Path) -> None:
    files.write("exam", "a.png", PNG)
    assert files.read("exam", "a.png", DIGEST) == PNG
    folder = tmp_path / "images" / "exam"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a.png").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_file_and_folder_are_forced_to_the_disk_in_that_order(
    files: ImageFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("exam", "first.png", PNG)
    synced: list[tuple[str, bool]] = []
    really_sync = os.fsync

    def sync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, (tmp_path / "images/exam/a.png").exists()))
        really_sync(descriptor)

    monkeypatch.setattr(image_files.os, "fsync", sync)
    files.write("exam", "a.png", PNG)
    assert synced == [("a.png.part", False), ("exam", True)]


def test_reserve_stays_free(tmp_path: Path) -> None:
    files = ImageFiles(tmp_path, reserve_bytes=1000, free=lambda _: 1000 + len(PNG) - 1)
    with pytest.raises(StoreError, match="is full"):
        files.write("exam", "a.png", PNG)
    ImageFiles(tmp_path, reserve_bytes=1000, free=lambda _: 1000 + len(PNG)).write("exam", "a.png", PNG)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_disk_that_fills_up_while_writing_leaves_nothing_behind(
    files: ImageFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(image_files.os, "fsync", refuse)
    with pytest.raises(StoreError, match="is full"):
        files.write("exam", "a.png", PNG)
    assert list((tmp_path / "images").rglob("*.p*")) == []


def test_changed_file_is_refused(files: ImageFiles, tmp_path: Path) -> None:
    files.write("exam", "a.png", PNG)
    (tmp_path / "images/exam/a.png").write_bytes(PNG + b"!")
    with pytest.raises(StoreError, match="digest") as refusal:
        files.read("exam", "a.png", DIGEST)
    assert "backup" in refusal.value.remedy


def test_missing_file_is_told(files: ImageFiles) -> None:
    with pytest.raises(StoreError, match="No such file"):
        files.read("exam", "gone.png", DIGEST)


@pytest.mark.parametrize("name", ["../a.png", "a/b.png", ".hidden.png", "", "a.png.part", "a.exe"])
def test_names_that_leave_the_folder_are_refused(files: ImageFiles, name: str) -> None:
    with pytest.raises(StoreError, match="refused the file name"):
        files.write("exam", name, PNG)
    with pytest.raises(StoreError, match="refused the file name"):
        files.read("..", "a.png", DIGEST)
