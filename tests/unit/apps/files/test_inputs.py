"""What is found on the disk, in which order and under which name."""

from pathlib import Path

from appliance.apps.files.inputs import find_inputs, natural_key


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names_in(*paths: Path, left_out: Path | None = None) -> list[str]:
    return [item.name for item in find_inputs(paths, left_out)[0]]


def test_pictures_come_in_the_order_a_person_counts(tmp_path: Path) -> None:
    touch(tmp_path, "img10.png", "img2.png", "IMG1.png", "b/x2.jpg", "a10/x.jpg", "a9/x.jpg")
    assert names_in(tmp_path) == ["IMG1.png", "img2.png", "img10.png", "a9/x.jpg", "a10/x.jpg", "b/x2.jpg"]


def test_folders_give_only_pictures_and_videos_that_are_not_hidden(tmp_path: Path) -> None:
    touch(tmp_path, "a.PNG", "notes.txt", ".hidden.png", ".git/x.png", "clip.mp4", "Thumbs.db")
    assert names_in(tmp_path) == ["a.PNG", "clip.mp4"]


def test_a_named_file_is_tried_whatever_its_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "scan.dat")
    assert names_in(tmp_path / "scan.dat") == ["scan.dat"]


def test_overlays_of_an_earlier_run_are_not_read_again(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "overlay/a.png.overlay.png")
    assert names_in(tmp_path, left_out=tmp_path / "overlay") == ["a.png"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    assert names_in(tmp_path, tmp_path / "a.png") == ["a.png"]


def test_equal_names_from_two_folders_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "left/a.png", "right/a.png")
    assert names_in(tmp_path / "left", tmp_path / "right") == [
        str(tmp_path / "left/a.png"),
        str(tmp_path / "right/a.png"),
    ]


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    inputs, problems = find_inputs([tmp_path])
    assert inputs == []
    assert problems == [f"no picture or video in {tmp_path}"]


def test_a_link_back_to_the_folder_does_not_turn_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "again").symlink_to(tmp_path)
    assert names_in(tmp_path) == ["a.png"]


def test_digits_that_are_no_decimals_do_not_stop_the_sorting() -> None:
    assert natural_key("x²") == [(1, 0, "x²")]
