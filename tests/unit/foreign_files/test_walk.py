"""The one walker: what a folder holds, in which order, and what is told of the rest."""

import os
from pathlib import Path

import pytest
from PIL import Image

from appliance.foreign_files.kinds import MediaKind
from appliance.foreign_files.walk import natural_key, walk

PNG = b"\x89PNG\r\n\x1a\n"


def put(folder: Path, *names: str, content: bytes = PNG) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def names_in(folder: Path, *left_out: Path) -> list[str]:
    return [item.below for item in walk(folder, left_out).files]


def test_files_come_in_the_order_a_person_counts(tmp_path: Path) -> None:
    put(tmp_path, "img10.png", "img2.png", "IMG1.png", "b/x2.jpg", "a10/x.jpg", "a9/x.jpg")
    assert names_in(tmp_path) == ["IMG1.png", "img2.png", "img10.png", "a9/x.jpg", "a10/x.jpg", "b/x2.jpg"]


def test_hidden_appledouble_and_thumbnail_files_are_passed_over_and_named(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "._a.png", ".hidden.png", ".git/x.png", "Thumbs.db", "__MACOSX/._b.png", "@eaDir/c.png")
    found = walk(tmp_path)
    assert [item.below for item in found.files] == ["a.png"]
    assert found.problems == []
    assert sorted(found.passed_over) == ["._a.png", ".git", ".hidden.png", "@eaDir", "Thumbs.db", "__MACOSX"]
    assert "._a.png" in found.note()


def test_waste_baskets_snapshots_and_locks_of_other_systems_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "@Recycle/b.png", "#snapshot/c.png", "lost+found/d.png", "~$e.png", "Picasa.ini")
    put(tmp_path, "Network Trash Folder/f.png", "thumbnails of a patient/g.png")
    assert names_in(tmp_path) == ["a.png", "thumbnails of a patient/g.png"]
    assert walk(tmp_path).problems == []


def test_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    put(tmp_path, "IM0001", content=bytes(128) + b"DICM")
    put(tmp_path, "scan.dat")
    put(tmp_path, "letter.jpg", content=b"Dear colleague")
    kinds = {item.below: item.kind for item in walk(tmp_path).files}
    assert kinds == {"IM0001": MediaKind.DICOM, "scan.dat": MediaKind.PICTURE, "letter.jpg": None}


def test_links_are_followed_and_each_folder_and_file_visited_once(tmp_path: Path) -> None:
    put(tmp_path, "in/a.png")
    put(tmp_path, "elsewhere/b.png")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "same.png").symlink_to(tmp_path / "in" / "a.png")
    assert names_in(tmp_path / "in") == ["a.png", "more/b.png"]


def test_what_cannot_be_read_is_a_problem_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    os.mkfifo(tmp_path / "pipe.png")
    found = walk(tmp_path)
    assert [item.below for item in found.files] == ["a.png"]
    assert len(found.problems) == 3
    assert all(any(name in one for one in found.problems) for name in ("gone.png", "self", "pipe.png"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_the_right_to_read_it_is_told(tmp_path: Path) -> None:
    put(tmp_path, "closed/a.png")
    (tmp_path / "closed").chmod(0)
    assert "closed" in walk(tmp_path).problems[0]
    (tmp_path / "closed").chmod(0o700)


def test_outputs_that_lie_there_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "overlay/a.png.overlay.png", "r.json")
    assert names_in(tmp_path, tmp_path / "overlay", tmp_path / "r.json") == ["a.png"]


def test_digits_that_are_no_decimals_do_not_stop_the_sorting() -> None:
    assert natural_key("x²") == [(1, 0, "x²")]


def test_every_format_that_is_written_here_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "tif", "bmp", "webp", "gif", "jp2", "ppm"):
        Image.new("RGB", (40, 40)).save(tmp_path / f"a.{suffix}")
    assert {item.kind for item in walk(tmp_path).files} == {MediaKind.PICTURE}
    assert len(walk(tmp_path).files) == 8
