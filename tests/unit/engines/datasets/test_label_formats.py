"""From format to format and back: nothing changes but what a format cannot hold, and that is told."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from appliance.domain.detection import SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from engines.datasets.convert import label_files, losses, read_labels
from engines.datasets.labels import DatasetError, Label, LabelledImage, LabelledSet, Standing
from engines.datasets.pictures import picture_size_px

WIDE = WidthSegment((12.5, 20.25), (12.5, 33.0))
LOOP = Label("normal", (10.0, 20.5, 30.0, 60.0), LoopKeypoints(WIDE, None, WIDE), SizeClass.ENLARGED)
PATCH = Label("haemorrhage", (200.0, 100.0, 40.25, 20.0))
HIDDEN = Label("giant", (400.0, 100.0, 60.0, 90.0), standing=Standing.IGNORED)
CROWD = Label("normal", (0.0, 300.0, 640.0, 180.0), standing=Standing.CROWD)
LABELLED = LabelledSet(
    (
        LabelledImage("a.png", 640, 480, (LOOP, PATCH, HIDDEN, CROWD), 1.41, 7.25, "p-017"),
        LabelledImage("left/b.png", 320, 240),
    ),
    ("giant", "haemorrhage", "normal"),
)


def put(folder: Path, files: dict[str, bytes], pictures: LabelledSet | None = None) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for image in pictures.images if pictures else ():
        path = folder / "images" / image.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (image.width_px, image.height_px)).save(path)
    return folder


def test_labelme_holds_everything(tmp_path: Path) -> None:
    reading = read_labels("labelme", put(tmp_path, label_files("labelme", LABELLED)))
    assert (reading.problems, reading.notes) == ([], [])
    assert reading.found == LABELLED
    assert losses("labelme", LABELLED) == ""


def test_coco_holds_everything(tmp_path: Path) -> None:
    folder = put(tmp_path, label_files("coco", LABELLED))
    assert read_labels("coco", folder / "annotations.json").found == LABELLED
    assert losses("coco", LABELLED) == ""


def test_yolo_holds_boxes_and_tells_in_one_line_what_it_leaves_out(tmp_path: Path) -> None:
    folder = put(tmp_path, label_files("yolo", LABELLED), LABELLED)
    reading = read_labels("yolo", folder)
    assert (reading.problems, reading.notes) == ([], [])
    first, second = reading.found.images
    assert reading.found.categories == LABELLED.categories
    assert (second, first.file_name) == (LABELLED.images[1], "a.png")
    assert [label.category for label in first.labels] == ["normal", "haemorrhage"]
    assert first.labels[0].bbox == pytest.approx(LOOP.bbox, abs=1e-4)
    assert first.labels[1].bbox == pytest.approx(PATCH.bbox, abs=1e-4)
    assert (first.labels[0].segments(), first.labels[0].size, first.um_per_px) == ({}, None, None)
    assert losses("yolo", LABELLED) == (
        "left out, YOLO cannot hold them: 1 loop's widths, 1 calibre, 2 ignored labels, 1 scale, 1 density, "
        "1 picture's subject"
    )


def test_yolo_without_names_calls_classes_by_their_numbers_and_says_so(tmp_path: Path) -> None:
    files = {"labels/a.txt": b"3 0.5 0.5 0.1 0.2\n"}
    reading = read_labels("yolo", put(tmp_path, files, LabelledSet(LABELLED.images[:1], ())))
    assert [label.category for label in reading.found.images[0].labels] == ["3"]
    assert len(reading.notes) == 1
    assert "numbers" in reading.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        "names: [normal, 'giant loop']\n",
        'path: .\nnames:\n  0: normal\n  1: "giant loop"  # big\nnc: 2\n',
        "names:\n- normal\n- giant loop\n",
    ],
)
def test_names_of_data_yaml_in_every_form_in_use(tmp_path: Path, data: str) -> None:
    files = {"data.yaml": data.encode(), "labels/a.txt": b"1 0.5 0.5 0.1 0.2\n"}
    reading = read_labels("yolo", put(tmp_path, files, LabelledSet(LABELLED.images[:1], ())))
    assert reading.found.categories == ("normal", "giant loop")
    assert reading.found.images[0].labels[0].category == "giant loop"


def test_a_yolo_box_is_cut_at_the_edge_of_the_picture(tmp_path: Path) -> None:
    over = LabelledSet((LabelledImage("a.png", 100, 100, (Label("normal", (-0.8, 0.0, 20.8, 100.9)),)),), ("normal",))
    line = label_files("yolo", over)["labels/a.txt"].decode()
    assert [float(value) for value in line.split()] == pytest.approx([0, 0.1, 0.5, 0.2, 1.0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"0 0.5 0.5 0.1\n", "line 1 has 4 columns"),
        (b"0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.1 0.2 0.2 2\n", "line 2 has 8 columns"),
        (b"normal 0.5 0.5 0.1 0.1\n", "line 1 is not"),
        (b"0 nan 0.5 0.1 0.1\n", "line 1 is not"),
        (b"0 0.5 0.5 0 0.1\n", "no area"),
        (b"0 0.99 0.5 0.1 0.1\n", "out of the 640x480 picture"),
        (b"4 0.5 0.5 0.1 0.1\n", "line 1 has class 4"),
        (b"\xff\xff", "neither UTF-8 nor UTF-16"),
    ],
)
def test_each_bad_yolo_file_is_told_once(tmp_path: Path, content: bytes, words: str) -> None:
    files = {"classes.txt": b"normal\n", "labels/a.txt": content, "labels/lost.txt": b""}
    reading = read_labels("yolo", put(tmp_path, files, LABELLED))
    assert len(reading.problems) == 2
    assert "lost.txt" in reading.problems[0]
    assert "a.txt" in reading.problems[1]
    assert words in reading.problems[1]
    assert [image.file_name for image in reading.found.images] == ["left/b.png"]


def shape(**changes: object) -> dict[str, object]:
    made = {"label": "normal", "points": [[1, 1], [20, 40]], "group_id": 1, "shape_type": "rectangle", "flags": {}}
    return made | changes


WIDTH = {"label": "apical", "points": [[1, 1], [9, 1]], "shape_type": "line"}


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([shape(shape_type="circle")], "rectangle, polygon or line"),
        ([shape(points=[[1, 1]])], "two points"),
        ([shape(points=[[1, "a"], [2, 2]])], "2 numbers"),
        ([shape(shape_type="polygon", points=[[1, 1], [20, 40]])], "three points"),
        ([shape(points=[[1, 1], [700, 40]])], "out of the 640x480 picture"),
        ([shape(flags={"size_giant": True, "size_normal": True})], "at most one size"),
        ([shape(), WIDTH | {"group_id": 2}], "group 2 belong to no rectangle"),
        ([shape(), WIDTH], '"group_id" is missing'),
        ([shape(), WIDTH | {"group_id": 1, "label": "neck"}], "apical, arterial, venous"),
        ([shape(), WIDTH | {"group_id": 1}, WIDTH | {"group_id": 1}], "only one apical"),
        (["text"], "shapes[0] is not an object"),
        ([shape(flags=["ignored"])], "\"flags\" is ['ignored'], expected an object"),
        ([shape(points={"x": 1})], "two points"),
        ([shape(group_id="a")], "a whole number"),
    ],
)
def test_each_bad_labelme_file_is_told_once(tmp_path: Path, shapes: list[object], words: str) -> None:
    good = label_files("labelme", LABELLED)
    bad = {"imagePath": "c.png", "imageWidth": 640, "imageHeight": 480, "shapes": shapes}
    reading = read_labels("labelme", put(tmp_path, good | {"c.json": json.dumps(bad).encode(), "d.json": b"{"}))
    assert [image.file_name for image in reading.found.images] == ["a.png", "left/b.png"]
    assert len(reading.problems) == 2
    assert "c.json" in reading.problems[0]
    assert words in reading.problems[0]
    assert "d.json" in reading.problems[1]


def test_a_polygon_is_taken_by_its_extent(tmp_path: Path) -> None:
    points = [[5, 10], [15, 2], [25, 12], [14, 60]]
    one = {"imagePath": "..\\pictures\\c.png", "imageWidth": 640, "imageHeight": 480}
    files = {"c.json": json.dumps(one | {"shapes": [shape(shape_type="polygon", points=points)]}).encode()}
    image = read_labels("labelme", put(tmp_path, files)).found.images[0]
    assert (image.file_name, image.labels[0].bbox) == ("c.png", (5, 2, 20, 58))


@pytest.mark.parametrize("form", ["labelme", "yolo"])
def test_an_empty_folder_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(DatasetError, match=str(tmp_path)):
        read_labels(form, tmp_path)


@pytest.mark.parametrize("form", ["labelme", "yolo"])
def test_pictures_that_would_share_a_label_file_are_refused(form: str) -> None:
    images = tuple(LabelledImage(name, 640, 480) for name in ("a.png", "A.jpg"))
    with pytest.raises(DatasetError, match="share the label file"):
        label_files(form, LabelledSet(images, ()))


def test_a_picture_on_its_side_has_the_size_it_is_shown_at(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "a.jpg", exif=exif)
    assert picture_size_px(tmp_path / "a.jpg") == (40, 60)


# ONNX Runtime, once loaded, has this process take subnormal numbers for zero.
coordinates = st.floats(0, 200, allow_subnormal=False).map(lambda value: round(value, 3))
segments = st.none() | st.builds(WidthSegment, st.tuples(coordinates, coordinates), st.tuples(coordinates, coordinates))
labels = st.builds(
    Label,
    st.sampled_from(["normal", "Häm: #1", "a, b", "'x'", "1"]),
    st.tuples(coordinates, coordinates, st.floats(0.01, 99), st.floats(0.01, 99)).map(
        lambda box: (box[0], box[1], round(box[2], 3), round(box[3], 3))
    ),
    st.builds(LoopKeypoints, segments, segments, segments),
    st.none() | st.sampled_from(list(SizeClass)),
    st.sampled_from(list(Standing)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(labels, max_size=5, unique_by=lambda label: (label.category, *map(round, label.bbox))))
def test_any_labels_survive_all_formats(tmp_path: Path, found: list[Label]) -> None:
    names = tuple(sorted({label.category for label in found}))
    labelled = LabelledSet((LabelledImage("a.png", 320, 320, tuple(found)),), names)
    folder = tmp_path / str(abs(hash(labelled)))
    for form in ("coco", "labelme"):
        place = put(folder / form, label_files(form, labelled))
        again = read_labels(form, place / "annotations.json" if form == "coco" else place).found.images[0]
        for before, after in zip(labelled.images[0].labels, again.labels, strict=True):
            assert after.bbox == pytest.approx(before.bbox, abs=2e-3)
            assert (after.category, after.widths, after.size) == (before.category, before.widths, before.size)
            assert after.standing is before.standing
    boxes = [label for label in found if label.standing is Standing.TARGET]
    again = read_labels("yolo", put(folder / "yolo", label_files("yolo", labelled), labelled)).found.images[0]
    assert [label.category for label in again.labels] == [label.category for label in boxes]
    for before, after in zip(boxes, again.labels, strict=True):
        assert after.bbox == pytest.approx(before.bbox, abs=2e-3)
