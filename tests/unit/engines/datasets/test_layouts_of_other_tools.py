"""YOLO and LabelMe as other tools lay them out, in the codings of other systems; and writers that read themselves."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from engines.datasets.convert import label_files, read_labels
from engines.datasets.labels import DatasetError, Label, LabelledImage, LabelledSet

BOX = b"1 0.5 0.5 0.1 0.2\r\n"


def put(folder: Path, *pictures: str) -> Path:
    for name in pictures:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (640, 480)).save(folder / name)
    return folder


def write(folder: Path, texts: dict[str, bytes]) -> Path:
    for name, content in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def labels_in(folder: Path, pictures: Path | None = None) -> dict[str, list[str]]:
    reading = read_labels("yolo", folder, pictures)
    assert reading.problems == []
    return {image.file_name: [label.category for label in image.labels] for image in reading.found.images}


def test_cvats_layout_with_its_pictures_elsewhere(tmp_path: Path) -> None:
    listed = {"obj.names": b"normal\ngiant\n", "obj.data": b"names = data/obj.names\n"}
    listed |= {"train.txt": b"data/obj_train_data/a.png\n", "obj_train_data/a.txt": BOX}
    folder, pictures = write(tmp_path / "cvat", listed), put(tmp_path / "pictures", "a.png")
    assert labels_in(folder, pictures) == {"a.png": ["giant"]}
    put(folder, "obj_train_data/a.png")
    assert labels_in(folder) == {"obj_train_data/a.png": ["giant"]}


def test_darknets_own_layout_with_everything_below_data(tmp_path: Path) -> None:
    """obj.data stands beside the folder that it speaks of."""
    listed = {"data/obj.names": b"normal\ngiant\n", "obj.data": b"names = data/obj.names\n"}
    folder = put(write(tmp_path, {**listed, "data/obj_train_data/a.txt": BOX}), "data/obj_train_data/a.png")
    assert labels_in(folder) == {"data/obj_train_data/a.png": ["giant"]}


def test_roboflows_layout_with_its_readmes(tmp_path: Path) -> None:
    folder = put(tmp_path, "train/images/a.png", "valid/images/a.png", "valid/images/b.png")
    listed = {"train/labels/a.txt": BOX, "valid/labels/a.txt": b"0 0.5 0.5 0.1 0.2\n"}
    listed |= {"README.dataset.txt": b"# nailfold\nhttps://", "README.roboflow.txt": b"exported\n"}
    write(folder, listed | {"data.yaml": b"train: ../train/images\nnc: 2\nnames: ['normal', 'giant']\n"})
    assert labels_in(folder) == {
        "train/images/a.png": ["giant"],
        "valid/images/a.png": ["normal"],
        "valid/images/b.png": [],
    }
    assert any("README.dataset.txt" in note for note in read_labels("yolo", folder).notes)


def test_ultralytics_layout_with_a_yaml_of_any_name(tmp_path: Path) -> None:
    folder = put(tmp_path, "images/train/a.png", "images/val/a.png")
    listed = {"labels/train/a.txt": BOX, "labels/val/a.txt": b"", "nailfold.yaml": b"names:\n  0: normal\n  1: giant\n"}
    assert labels_in(write(folder, listed)) == {"train/a.png": ["giant"], "val/a.png": []}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.txt", "\ufeffnormal, thin\r\nno\r\n".encode()),
        ("classes.txt", "normal, thin\r\nno\r\n".encode("utf-16")),
        ("data.yaml", b"\xef\xbb\xbfnames: [\"normal, thin\", 'no']\r\n"),
        ("data.yaml", b"names: {0: 'normal, thin', 1: no}  # flow\n"),
        ("data.yaml", b"x: &n [ 'normal, thin', no ]\nnames: *n\n"),
    ],
)
def test_names_with_marks_commas_quotes_and_words_of_yaml(tmp_path: Path, name: str, content: bytes) -> None:
    folder = put(tmp_path, "images/a.png")
    label = "\ufeff1 0.5 0.5 0.1 0.2\r\n".encode()
    assert labels_in(write(folder, {name: content, "labels/a.txt": label})) == {"a.png": ["no"]}
    assert read_labels("yolo", folder).found.categories == ("normal, thin", "no")


def test_files_that_name_the_classes_differently_are_refused(tmp_path: Path) -> None:
    write(put(tmp_path, "images/a.png"), {"classes.txt": b"normal\ngiant\n", "data.yaml": b"names: [giant, normal]\n"})
    with pytest.raises(DatasetError, match="differently"):
        read_labels("yolo", tmp_path)


def test_a_label_without_a_picture_is_told_and_a_name_in_two_forms_is_one(tmp_path: Path) -> None:
    folder = put(tmp_path, f"images/{unicodedata.normalize('NFD', 'Grün')}.png")
    write(folder, {"labels/Grün.txt": BOX, "labels/lost.txt": BOX, "labels/._Grün.txt": b"\0\x05\x16\x07"})
    reading = read_labels("yolo", folder)
    assert [len(image.labels) for image in reading.found.images] == [1]
    assert len(reading.problems) == 1
    assert "lost.txt" in reading.problems[0]


def labelme(path: str) -> bytes:
    one = {"label": "normal", "points": [[1, 1], [20, 40]], "group_id": 1, "shape_type": "rectangle", "flags": {}}
    return json.dumps({"imagePath": path, "imageWidth": 640, "imageHeight": 480, "shapes": [one]}).encode()


@pytest.mark.parametrize(
    ("place", "written", "read"),
    [
        ("a.json", "images\\a.png", "images/a.png"),
        ("labels/a.json", "../images/a.png", "images/a.png"),
        ("labels/a.json", "..\\images\\a.png", "images/a.png"),
        ("left/a.json", "a.png", "left/a.png"),
        ("left/a.json", "C:\\scans\\left\\a.png", "left/a.png"),
        ("left/a.json", "/home/anna/a.png", "left/a.png"),
        ("a.json", "../a.png", "a.png"),
    ],
)
def test_labelmes_picture_is_found_from_its_json_file(tmp_path: Path, place: str, written: str, read: str) -> None:
    reading = read_labels("labelme", write(tmp_path, {place: labelme(written), "._a.json": b"\0\x05\x16\x07"}))
    assert reading.problems == []
    assert [image.file_name for image in reading.found.images] == [read]


def test_labelme_in_utf16_and_behind_a_link_is_read(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"a.json": labelme("a.png").decode().encode("utf-16")})
    (tmp_path / "set").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "set" / "left")
    assert [one.file_name for one in read_labels("labelme", tmp_path / "set").found.images] == ["left/a.png"]


def one(label: Label, *names: str) -> LabelledSet:
    return LabelledSet(tuple(LabelledImage(name, 640, 480, (label,)) for name in names), (label.category,))


@pytest.mark.parametrize("form", ["coco", "labelme", "yolo"])
@pytest.mark.parametrize(
    "label", [Label("normal", (10, 10, 0, 5)), Label("normal", (630, 10, 40, 5)), Label("normal", (1, 1, 1e-9, 1e-9))]
)
def test_a_writer_refuses_a_box_that_its_reader_would(form: str, label: Label) -> None:
    with pytest.raises(DatasetError, match=r"cannot write .*(area|out of)"):
        label_files(form, one(label, "a.png"))


def test_coco_with_one_picture_twice_or_outside_is_not_written() -> None:
    good = Label("normal", (10, 10, 20, 30))
    for names in (("a.png", "a.png"), ("../a.png",), ("/a.png",)):
        with pytest.raises(DatasetError, match=r"cannot write annotations\.json"):
            label_files("coco", one(good, *names))


def test_a_category_that_yaml_cannot_hold_is_not_written() -> None:
    with pytest.raises(DatasetError, match=r"cannot write data\.yaml"):
        label_files("yolo", one(Label("a\x7fb", (10, 10, 20, 30)), "a.png"))


def test_a_box_that_is_there_twice_is_one_loop_and_told(tmp_path: Path) -> None:
    twice = write(put(tmp_path / "yolo", "a.png"), {"a.txt": BOX * 2, "classes.txt": b"normal\ngiant\n"})
    shape = {"label": "giant", "shape_type": "rectangle", "points": [[0, 0], [9, 9]]}
    loops = {"imagePath": "a.png", "imageWidth": 640, "imageHeight": 480, "shapes": [shape, shape]}
    write(tmp_path / "labelme", {"a.json": json.dumps(loops).encode()})
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    picture = {"id": 1, "file_name": "a.png", "width": 640, "height": 480}
    kinds = [{"id": 1, "name": "giant"}]
    coco = {"images": [picture], "annotations": [box, {**box, "id": 2}], "categories": kinds}
    write(tmp_path, {"a.json": json.dumps(coco).encode()})
    for form, path in (("yolo", twice), ("labelme", tmp_path / "labelme"), ("coco", tmp_path / "a.json")):
        reading = read_labels(form, path)
        assert [len(image.labels) for image in reading.found.images] == [1], form
        assert "a.png: 1 labels are there twice and were taken once" in reading.notes


def test_numbers_as_tables_write_them_and_members_left_empty_are_read(tmp_path: Path) -> None:
    yolo = write(put(tmp_path / "yolo", "a.png"), {"a.txt": b"1.0000e+00 5e-1 5e-1 1e-1 2e-1\n"})
    assert labels_in(yolo) == {"a.png": ["1"]}
    box = {"id": 1.0, "image_id": 1.0, "category_id": 1.0, "bbox": [0, 0, 9, 9], "iscrowd": None}
    picture = {"id": 1.0, "file_name": "a.png", "width": 640.0, "height": 480}
    coco = {"images": [picture], "annotations": [box], "categories": [{"id": 1, "name": "giant"}]}
    write(tmp_path, {"a.json": json.dumps(coco).encode()})
    assert len(read_labels("coco", tmp_path / "a.json").found.images[0].labels) == 1


def test_a_polygon_of_an_old_labelme_that_does_not_say_so(tmp_path: Path) -> None:
    shape = {"label": "giant", "points": [[0, 0], [9, 2], [4, 9]], "line_color": None}
    old = {"imagePath": "a.png", "imageWidth": 640, "imageHeight": 480, "shapes": [shape]}
    write(tmp_path, {"a.json": json.dumps(old).encode()})
    (label,) = read_labels("labelme", tmp_path).found.images[0].labels
    assert label.bbox == (0, 0, 9, 9)


@pytest.mark.parametrize(
    "line", ["0 0.5_0 0.5 0.2 0.2", "0 0,5 0,5 0,2 0,2", "0 0x1 0.5 0.2 0.2", "1_0 0.5 0.5 0.2 0.2"]
)
def test_what_python_alone_takes_for_numbers_is_refused(tmp_path: Path, line: str) -> None:
    folder = write(put(tmp_path, "a.png"), {"a.txt": line.encode()})
    reading = read_labels("yolo", folder)
    assert (len(reading.found.images), len(reading.problems)) == (0, 1)
    assert "line 1 is not a class number and four shares" in reading.problems[0]


def test_a_member_that_is_there_twice_is_refused_and_does_not_hide_the_first(tmp_path: Path) -> None:
    """The usual parser keeps the last: half the pictures would be gone without a word."""
    picture = '"images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}]'
    text = "{" + f'{picture}, "images": [], "annotations": [], "categories": []' + "}"
    write(tmp_path, {"a.json": text.encode()})
    with pytest.raises(DatasetError, match='"images" twice'):
        read_labels("coco", tmp_path / "a.json")
    assert '"images" twice' in read_labels("labelme", tmp_path).problems[0]
