"""Archives whose digests are right and whose records are not: whoever makes one signs for whatever is in it."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from appliance.domain.errors import ApplianceError, ExportError
from appliance.exports.archive.exam_json import exam_to_json
from appliance.exports.archive.read import import_archive
from appliance.exports.archive.write import MANIFEST, write_archive
from appliance.ports import ExamStore
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, exam_to_export, finished_exam

RECORD = f"exams/{EXAM_ID}/exam.json"
ENDS_OF_THE_CALENDAR = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z")
NO_RECORD = (None, True, -1, 1.5, 10**30, "", [], {}, [[]], [None], "\ud800", "a\0b")


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    buffer = io.BytesIO()
    write_archive(buffer, [exam_to_export(*finished_exam())], NOON)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return open_storage(StorageSettings(folder=tmp_path / "data"), lambda: NOON).exams


def taken(tmp_path: Path, store: ExamStore, entries: dict[str, bytes]) -> int:
    """How many exams were taken from an archive of these entries, its manifest made to fit."""
    manifest = json.loads(entries[MANIFEST])
    rest = {name: content for name, content in entries.items() if name != MANIFEST}
    manifest["entries"] = [
        {"path": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in rest.items()
    ]
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {MANIFEST: json.dumps(manifest).encode(), **rest}.items():
            archive.writestr(name, content)
    return len(import_archive(path, store, lambda _: None, NOON).imported)


def changed(entries: dict[str, bytes], name: str, where: tuple[Any, ...], value: object) -> dict[str, bytes]:
    document = at = json.loads(entries[name])
    for step in where[:-1]:
        at = at[step]
    at[where[-1]] = value
    return {**entries, name: json.dumps(document).encode()}


def test_the_archive_as_it_was_made_is_taken(tmp_path: Path, store: ExamStore, whole: dict[str, bytes]) -> None:
    assert taken(tmp_path, store, whole) == 1


@pytest.mark.parametrize("moment", ENDS_OF_THE_CALENDAR)
@pytest.mark.parametrize("where", [("started_at",), ("finished_at",), ("images", 0, "captured_at")])
def test_an_exam_from_the_end_of_the_calendar_is_refused(
    tmp_path: Path, store: ExamStore, whole: dict[str, bytes], where: tuple[Any, ...], moment: str
) -> None:
    """Some zone's clock has no words for it: it would end every page that shows the exam."""
    with pytest.raises(ExportError):
        taken(tmp_path, store, changed(whole, RECORD, where, moment))


def test_whatever_stands_in_a_member_of_a_record_is_refused_in_words_or_kept_whole(
    tmp_path: Path, store: ExamStore, whole: dict[str, bytes]
) -> None:
    record = json.loads(whole[RECORD])
    for where in [(key,) for key in record] + [("images", 0, key) for key in record["images"][0]]:
        for value in NO_RECORD:
            try:
                if taken(tmp_path, store, changed(whole, RECORD, where, value)):
                    json.dumps(exam_to_json(store.exam(EXAM_ID)), ensure_ascii=False).encode()
            except ApplianceError:
                pass


@pytest.mark.parametrize("member", ["software", "images"])
def test_texts_that_no_database_holds_are_refused_in_results_too(
    tmp_path: Path, store: ExamStore, whole: dict[str, bytes], member: str
) -> None:
    name = next(name for name in whole if "/results/" in name)
    where = ("software", "version") if member == "software" else ("images", 0, "file")
    for text in ("a\0b", "\ud800", "\udfff\ud800"):
        with pytest.raises(ExportError):
            taken(tmp_path, store, changed(whole, name, where, text))


def test_a_picture_that_is_wider_than_any_is_refused(tmp_path: Path, store: ExamStore, whole: dict[str, bytes]) -> None:
    name = next(name for name in whole if "/results/" in name)
    with pytest.raises(ExportError):
        taken(tmp_path, store, changed(whole, name, ("images", 0, "width"), 1e308))


def test_an_exam_that_is_named_twice_is_no_second_one(
    tmp_path: Path, store: ExamStore, whole: dict[str, bytes]
) -> None:
    manifest = json.loads(whole[MANIFEST])
    manifest["exams"] = [EXAM_ID, EXAM_ID]
    with pytest.raises(ApplianceError, match="twice"):
        taken(tmp_path, store, {**whole, MANIFEST: json.dumps(manifest).encode()})
