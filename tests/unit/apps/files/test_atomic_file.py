"""Whole or absent."""

import os
import threading
from pathlib import Path

import pytest

from appliance.apps.files.atomic_file import make_inner_folder, require_writable_folder, write_atomically
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


def test_a_link_is_not_replaced_and_what_it_leads_to_not_changed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"old")
    (tmp_path / "a.json").symlink_to(tmp_path / "precious")
    (tmp_path / "b.json").symlink_to(tmp_path / "nowhere")
    for name in ("a.json", "b.json"):
        with pytest.raises(ExportError, match=r"it is a link to"):
            write_atomically(tmp_path / name, b"new")
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "precious").read_bytes() == b"old"


def test_a_fifo_and_a_device_take_the_bytes_and_stay(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_atomically(tmp_path / "pipe", b"x" * 100_000)
    reader.join(10)
    assert read == [b"x" * 100_000]
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "null").symlink_to("/dev/null")
    write_atomically(tmp_path / "null", b"gone")
    assert Path("/dev/null").is_char_device()


def test_the_longest_name_that_the_disk_takes_is_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("x" * 255), b"new")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"new"


def test_a_folder_behind_a_link_out_of_the_output_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "in").symlink_to(tmp_path)
    with pytest.raises(ExportError, match="leads out of"):
        make_inner_folder(tmp_path / "out", tmp_path / "out" / "in" / "x")
    make_inner_folder(tmp_path / "out", tmp_path / "out" / "a" / "b")
    assert (tmp_path / "out" / "a" / "b").is_dir()
