"""COCO data sets, read back by the reader that evaluation and training use."""

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.detection import BoundingBox
from appliance.exports.coco.data_set import DataSet, coco_files
from appliance.exports.coco.split import part_of
from engines.datasets.coco import read_coco
from engines.datasets.labels import LabelledSet
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, exam_to_export, finished_exam, pixels


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, LabelledSet]:
    for name, content in coco_files([exam_to_export(*finished_exam())]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path, read_coco(tmp_path / "annotations.json")


def test_labels_are_the_physicians_half_a_pixel_from_the_devices(written: tuple[Path, LabelledSet]) -> None:
    first, second = written[1].images
    assert [label.category for label in first.labels] == ["normal", "haemorrhage"]
    assert [label.category for label in second.labels] == ["tortuous", "haemorrhage"]
    loop = first.labels[0]
    assert loop.bbox == (10.5, 8.5, 22.0, 35.0)
    assert loop.size is not None
    assert loop.size.value == "enlarged"
    (apical,) = loop.segments().values()
    assert (apical.start_px, apical.end_px) == ((20.5, 10.5), (20.5, 26.5))
    assert first.um_per_px == 1.41
    assert first.density_per_mm == 7.0


def test_an_image_that_does_not_count_is_left_out(written: tuple[Path, LabelledSet]) -> None:
    assert len(written[1].images) == 2


def test_pictures_keep_their_pixels_and_lose_what_leads_back_to_the_patient(written: tuple[Path, LabelledSet]) -> None:
    folder, labelled = written
    for at, image in enumerate(labelled.images):
        with Image.open(folder / "images" / image.file_name) as picture:
            assert np.array_equal(np.asarray(picture), pixels(at))
            assert picture.info == {}
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    names = " ".join(path.name for path in folder.rglob("*"))
    for trace in (PSEUDONYM, EXAM_ID, "Dino-Lite", "nurse", "ruiz"):
        assert trace.encode() not in everything
        assert trace not in names


def test_subjects_are_the_same_within_and_other_between_data_sets() -> None:
    def subjects() -> set[str]:
        document = json.loads(dict(coco_files([exam_to_export(*finished_exam())]))["annotations.json"])
        return {image["subject"] for image in document["images"]}

    first, second = subjects(), subjects()
    assert len(first) == len(second) == 1
    assert first != second


def test_the_density_of_an_exam_that_nobody_validated_is_no_persons_count() -> None:
    files = dict(coco_files([exam_to_export(*finished_exam(), validated_by=None)]))
    assert all("density_per_mm" not in image for image in json.loads(files["annotations.json"])["images"])


def test_the_split_is_by_patient_the_same_each_time_and_near_its_shares() -> None:
    key = b"k" * 32
    names = [f"NC-{number:04d}" for number in range(2000)]
    parts = [part_of(name, key) for name in names]
    assert parts == [part_of(name, key) for name in names]
    assert parts != [part_of(name, b"other") for name in names]
    counted = Counter(parts)
    assert abs(counted["train"] / 2000 - 0.7) < 0.03
    assert abs(counted["test"] / 2000 - 0.15) < 0.03


def test_all_exams_of_a_patient_are_in_one_part() -> None:
    data_set = DataSet(b"key")
    used = set()
    for at in range(4):
        exam, files = finished_exam(exam_id=f"019ab000-0000-7000-8000-00000000001{at}")
        used |= {part for part, _, _ in data_set.pictures(exam_to_export(exam, files))}
    assert len(used) == 1
    assert data_set.counts(used.pop()) == (8, 1)


def test_boxes_are_cut_at_the_edge_and_dropped_beyond_it() -> None:
    exam, files = finished_exam(count=1)
    (image,) = exam.images
    loop = image.analysis.capillaries[0]
    boxes_px = (BoundingBox(-6.0, 40.0, 20.0, 30.0), BoundingBox(70.0, 5.0, 9.0, 9.0))
    outside = tuple(replace(loop, bbox=box) for box in boxes_px)
    cut = replace(image, recorded=record_analysis(replace(image.analysis, capillaries=outside), image.file_name))
    source = exam_to_export(replace(exam, images=(cut,)), files)
    document = json.loads(dict(coco_files([source]))["annotations.json"])
    boxes = [one["bbox"] for one in document["annotations"] if one["category_id"] == 1]
    assert boxes == [[0.0, 40.5, 14.5, 7.5]]


def test_a_png_of_the_data_set_opens() -> None:
    name, content = next(iter(coco_files([exam_to_export(*finished_exam())])))
    assert name.startswith("images/")
    assert Image.open(io.BytesIO(content)).size == (64, 48)
