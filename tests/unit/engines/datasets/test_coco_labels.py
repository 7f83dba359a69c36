"""COCO files: what is read, and what is refused with its place."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.domain.detection import SizeClass
from engines.datasets.coco import coco_document, read_coco
from engines.datasets.labels import DatasetError, Standing


def document() -> dict[str, Any]:
    return {
        "images": [
            {"id": 7, "file_name": "left/a.png", "width": 640, "height": 480, "um_per_px": 1.41, "density_per_mm": 7.2},
            {"id": 9, "file_name": "b.png", "width": 320, "height": 240},
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 7,
                "category_id": 3,
                "bbox": [10, 20.5, 30, 60],
                "iscrowd": 0,
                "keypoints": [15, 21, 2, 15, 33, 1, 12, 50, 2, 20, 50, 2, 0, 0, 0, 35, 50, 2],
                "size": "enlarged",
            },
            {"id": 2, "image_id": 7, "category_id": 0, "bbox": [1, 1, 5, 5], "iscrowd": 1},
            {"id": 3, "image_id": 7, "category_id": 0, "bbox": [1, 1, 5, 5], "ignore": 1},
        ],
        "categories": [{"id": 0, "name": "haemorrhage"}, {"id": 3, "name": "normal"}],
    }


def written(folder: Path, content: Any) -> Path:
    path = folder / "labels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_everything_a_file_says_is_read(tmp_path: Path) -> None:
    first, second = read_coco(written(tmp_path, document())).images
    assert (first.file_name, first.width_px, first.height_px) == ("left/a.png", 640, 480)
    assert (first.um_per_px, first.density_per_mm) == (1.41, 7.2)
    assert (second.labels, second.um_per_px, second.density_per_mm) == ((), None, None)
    loop, crowd, ignored = first.labels
    assert (loop.category, loop.bbox, loop.size) == ("normal", (10, 20.5, 30, 60), SizeClass.ENLARGED)
    assert {name: segment.length_px for name, segment in loop.segments().items()} == {"apical": 12.0, "arterial": 8.0}
    assert [one.standing for one in (loop, crowd, ignored)] == [Standing.TARGET, Standing.CROWD, Standing.IGNORED]


def test_what_was_read_is_written_again(tmp_path: Path) -> None:
    labelled = read_coco(written(tmp_path, document()))
    again = read_coco(written(tmp_path, coco_document(labelled)))
    assert again == labelled


def test_ids_of_what_is_written_start_at_one(tmp_path: Path) -> None:
    made = coco_document(read_coco(written(tmp_path, document())))
    for kind in ("images", "annotations", "categories"):
        assert [entry["id"] for entry in made[kind]] == list(range(1, len(made[kind]) + 1))


MISSING = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    made = document()
    *parents, last = [int(name) if name.isdecimal() else name for name in path.split(".")]
    place: Any = made
    for name in parents:
        place = place[name]
    place[last] = value
    if value is MISSING:
        del place[last]
    return made


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("images", MISSING, '"images" is missing, expected a list'),
        ("images.1.id", 7, "images[1]"),
        ("images.0.width", 0, '"width" is 0'),
        ("images.0.file_name", "../a.png", "inside the pictures' folder"),
        ("images.0.file_name", "/a.png", "inside the pictures' folder"),
        ("images.0.file_name", "C:\\a.png", "inside the pictures' folder"),
        ("images.1.file_name", "left/a.png", "two images"),
        ("images.0.um_per_px", 0, '"um_per_px" is 0'),
        ("images.0.density_per_mm", "7", "a number from 0"),
        ("annotations.0.image_id", 8, "the id of one of the images"),
        ("annotations.0.category_id", 8, "the id of one of the categories"),
        ("annotations.0.bbox", [1, 2, 3], "4 numbers"),
        ("annotations.0.bbox", [1, 2, 0, 5], "no area"),
        ("annotations.0.bbox", [620, 2, 30, 5], "10.0 px out of the 640x480 picture"),
        ("annotations.0.bbox", [1, 2, float("nan"), 5], "JSON has no NaN"),
        ("annotations.0.keypoints", [1, 2, 2] * 17, "18 numbers"),
        ("annotations.0.size", "huge", "normal or enlarged or giant"),
        ("annotations.1.iscrowd", "yes", "0 or 1"),
        ("categories.0.name", " ", "a name"),
        ("categories.1.id", 0, "categories[1]"),
        ("annotations.0.bbox", [1, 2, 10**400, 5], "is too large"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, path: str, value: Any, words: str) -> None:
    with pytest.raises(DatasetError) as raised:
        read_coco(written(tmp_path, changed(path, value)))
    assert words in raised.value.message
    assert str(tmp_path / "labels.json") in raised.value.message
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", ["", "{", "[1]", "[" * 100_000, "\x00"])
def test_what_is_no_coco_file_at_all_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DatasetError, match=r"labels\.json"):
        read_coco(written(tmp_path, content))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_subnormal=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES = [
    *(f"images.0.{name}" for name in ("id", "file_name", "width", "um_per_px", "density_per_mm", "subject")),
    *(f"annotations.0.{name}" for name in ("image_id", "category_id", "bbox", "keypoints", "size", "ignore")),
    *("images", "annotations", "categories", "images.0", "annotations.0", "categories.0", "categories.0.name"),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=anything)
def test_whatever_a_member_holds_it_is_read_or_refused(tmp_path: Path, place: str, value: Any) -> None:
    with contextlib.suppress(DatasetError):
        read_coco(written(tmp_path, changed(place, value)))


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(document()), encoding="utf-8-sig")
    assert len(read_coco(path).images) == 2


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        read_coco(tmp_path / "none.json")


def test_a_box_may_be_rounded_over_the_edge_by_a_pixel(tmp_path: Path) -> None:
    labelled = read_coco(written(tmp_path, changed("annotations.0.bbox", [611, 2, 30, 5])))
    assert labelled.images[0].labels[0].bbox == (611, 2, 30, 5)
