"""Whole or absent."""

import os
from pathlib import Path

import pytest

from appliance.apps.files.atomic_file import require_writable_folder, write_atomically
from appliance.domain.errors import ExportError


def test_content_replaces_what_was_there_and_nothing_else_stays(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", b"old")
    write_atomically(tmp_path / "a.json", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"new"}


def test_an_interruption_while_writing_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    write_atomically(tmp_path / "a.json", b"old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.json", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"old"}


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(ExportError, match=r"cannot write .*a\.json"):
        write_atomically(tmp_path / "a.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_folder_is_told_before_the_work(tmp_path: Path) -> None:
    require_writable_folder(tmp_path)
    with pytest.raises(ExportError, match="no such folder"):
        require_writable_folder(tmp_path / "none")
