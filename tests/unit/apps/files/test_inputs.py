"""What a command was given, and under which name each file is told."""

import os
from pathlib import Path

from appliance.apps.files.inputs import find_inputs

PNG = b"\x89PNG\r\n\x1a\n"
AVI = b"RIFF\0\0\0\0AVI "


def touch(folder: Path, *names: str, content: bytes = PNG) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def names_in(*paths: Path) -> list[str]:
    return [item.name for item in find_inputs(paths).files]


def test_folders_give_pictures_and_videos_by_content_and_name_all_they_leave_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.PNG", "scan")
    touch(tmp_path, "clip.bin", content=AVI)
    touch(tmp_path, "notes.txt", content=b"notes")
    touch(tmp_path, "empty.png", content=b"")
    touch(tmp_path, "._a.PNG")
    found = find_inputs([tmp_path])
    assert [(item.name, item.is_video) for item in found.files] == [
        ("a.PNG", False),
        ("clip.bin", True),
        ("scan", False),
    ]
    assert len(found.problems) == 2
    assert any("notes.txt: neither a picture nor a video" in one for one in found.problems)
    assert any("empty.png: the file is empty" in one for one in found.problems)
    assert "._a.PNG" in found.notes[0]


def test_a_named_file_is_tried_whatever_it_holds(tmp_path: Path) -> None:
    touch(tmp_path, "scan.dat", content=b"no picture")
    assert names_in(tmp_path / "scan.dat") == ["scan.dat"]


def test_a_missing_file_and_a_fifo_are_problems_of_their_own(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe")
    found = find_inputs([tmp_path / "none.png", tmp_path / "pipe", tmp_path / "a.png"])
    assert [item.name for item in found.files] == ["a.png"]
    assert len(found.problems) == 2


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    assert names_in(tmp_path, tmp_path / "a.png") == ["a.png"]


def test_equal_names_from_two_folders_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "left/a.png", "right/a.png")
    assert names_in(tmp_path / "left", tmp_path / "right") == [
        str(tmp_path / "left/a.png"),
        str(tmp_path / "right/a.png"),
    ]


def test_only_what_lies_below_the_named_folder_speaks_of_the_picture(tmp_path: Path) -> None:
    touch(tmp_path, "li/ring/scan.png")
    assert [item.below for item in find_inputs([tmp_path / "li"]).files] == ["ring/scan.png"]
    assert [item.below for item in find_inputs([tmp_path / "li/ring/scan.png"]).files] == ["scan.png"]


def test_a_name_that_is_not_utf8_is_shown_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"gr\xfcn.png")).write_bytes(PNG)
    assert names_in(tmp_path) == ["gr\\xfcn.png"]


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    found = find_inputs([tmp_path])
    assert (found.files, found.problems) == ([], [f"no picture or video in {tmp_path}"])
