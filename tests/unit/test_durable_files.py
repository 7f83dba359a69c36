"""Whole files or none, also when the disk fills up in the middle."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.durable_files import create_durably, write_durably

Write = Callable[[Path, bytes, int], None]


@pytest.mark.parametrize("write", [write_durably, create_durably])
def test_the_file_has_its_content_and_its_rights_whatever_the_mask(tmp_path: Path, write: Write) -> None:
    before = os.umask(0o077)
    try:
        write(tmp_path / "public.pem", b"whole", 0o644)
        write(tmp_path / "secret.pem", b"whole", 0o600)
    finally:
        os.umask(before)
    assert [(path.name, path.read_bytes(), path.stat().st_mode & 0o777) for path in sorted(tmp_path.iterdir())] == [
        ("public.pem", b"whole", 0o644),
        ("secret.pem", b"whole", 0o600),
    ]


@pytest.mark.parametrize("failing", ["fsync", "fchmod"])
def test_a_write_that_breaks_off_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "detector.plan"
    write_durably(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_created_never_takes_a_files_place(tmp_path: Path) -> None:
    path = tmp_path / "identities.key"
    create_durably(path, b"first")
    with pytest.raises(FileExistsError):
        create_durably(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_the_longest_name_of_a_file_system_can_be_written(tmp_path: Path) -> None:
    write_durably(tmp_path / ("x" * 255), b"new")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"new"
