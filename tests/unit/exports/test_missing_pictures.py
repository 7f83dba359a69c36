"""A picture whose file is missing or damaged costs that picture in an export, never the export, and is named in it."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.domain.errors import NotKeptError, StoreError
from appliance.exports.archive.read import import_archive
from appliance.exports.archive.write import write_archive
from appliance.exports.export_service import ExportFormat, missing_lines, write_export
from appliance.exports.source import ExamToExport
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, exam_to_export, finished_exam, image_id

GONE = image_id(1)
WHY = "refused the image 1.png: its digest is not the recorded one"


def damaged() -> ExamToExport:
    """An exam of three pictures whose second cannot be read."""
    whole = exam_to_export(*finished_exam())

    def read_file(one: str) -> bytes:
        if one == GONE:
            raise StoreError(WHY)
        return whole.read_file(one)

    return replace(whole, read_file=read_file, unreadable={GONE: WHY})


def files_of(form: ExportFormat, source: ExamToExport) -> dict[str, bytes]:
    buffer = io.BytesIO()
    write_export(form, [source], buffer, NOON)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(("form", "pictures"), [(ExportFormat.DICOM, ".dcm"), (ExportFormat.COCO, ".png")])
def test_the_others_are_in_it_and_a_text_names_what_is_not(form: ExportFormat, pictures: str) -> None:
    files = files_of(form, damaged())
    whole = files_of(form, exam_to_export(*finished_exam()))
    assert sum(name.endswith(pictures) for name in files) == sum(name.endswith(pictures) for name in whole) - 1
    assert files["MISSING.txt"].decode().splitlines() == ["Not in this export:", *missing_lines([damaged()])]
    assert f"image {GONE}: {WHY}" in files["MISSING.txt"].decode()
    assert "MISSING.txt" not in whole


def test_tables_have_its_findings_all_the_same() -> None:
    whole, without = (files_of(ExportFormat.CSV, one) for one in (exam_to_export(*finished_exam()), damaged()))
    assert "MISSING.txt" in without
    assert {name: text for name, text in without.items() if name != "MISSING.txt"} == whole


def test_fhir_says_so_beside_the_finger_and_keeps_its_figures() -> None:
    def bundle(source: ExamToExport) -> dict[str, list[dict[str, object]]]:
        buffer = io.BytesIO()
        write_export(ExportFormat.FHIR, [source], buffer, NOON)
        found: dict[str, list[dict[str, object]]] = {}
        for entry in json.loads(buffer.getvalue())["entry"]:
            found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
        return found

    whole, without = bundle(exam_to_export(*finished_exam())), bundle(damaged())
    assert (len(whole["Media"]), len(without["Media"])) == (3, 2)
    assert without["ImagingStudy"][0]["numberOfInstances"] == 2
    assert [one.get("component") for one in without["Observation"]] == [
        one.get("component") for one in whole["Observation"]
    ]
    notes = [note for one in without["Observation"] for note in one.get("note", [])]  # type: ignore[attr-defined]
    [said] = [note["text"] for note in notes if "missing or damaged" in note["text"]]
    assert said.startswith("B: ")


def test_an_archive_without_it_is_taken_in_and_the_picture_stays_missing(tmp_path: Path) -> None:
    path = tmp_path / "exams.zip"
    with path.open("wb") as file:
        write_archive(file, [damaged()], NOON)
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["missing"] == [{"exam": EXAM_ID, "image": GONE, "because": WHY}]

    store = MemoryExamStore()
    import_archive(path, store, lambda _: None, NOON)
    assert [one.image_id for one in store.exam(EXAM_ID).images] == [image_id(at) for at in range(3)]
    assert store.read_png(EXAM_ID, image_id(0))
    with pytest.raises((StoreError, NotKeptError)):
        store.read_png(EXAM_ID, GONE)
