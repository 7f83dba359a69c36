"""ZIP archives from box to box, and those of strangers."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from appliance.analysis.recorded_analysis import recorded_from_text
from appliance.domain.errors import ApplianceError, ExportError
from appliance.domain.exam import Exam, ImageKind, Sector
from appliance.exam.motion_jpeg import read_avi, write_avi
from appliance.exports.archive.read import ArchiveChoices, ArchiveResult, PseudonymClashError, import_archive
from appliance.exports.archive.safe_zip import ArchiveLimits
from appliance.exports.archive.write import write_archive
from appliance.exports.export_service import ExportFormat, write_export
from appliance.ports import OutboxMessage
from appliance.storage.memory_store import MemoryExamStore
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, HEIGHT, PSEUDONYM, WIDTH, exam_to_export, finished_exam, pixels
from tests.support.recorded_results import FOREIGN

SECOND_ID = "019ab000-0000-7000-8000-000000000002"
JOURNAL = ({"seq": 7, "actor": "dr.ruiz", "action": "review.concluded", "detail": {"text": "Normal."}},)
Files = dict[str, bytes]
Entries = dict[str, bytes]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "exams.zip"
    sources = [
        exam_to_export(*finished_exam(), journal=JOURNAL),
        exam_to_export(*finished_exam(exam_id=SECOND_ID, pseudonym="NC-0043")),
    ]
    with path.open("wb") as file:
        write_archive(file, sources, NOON)
    return path


@pytest.fixture
def store() -> MemoryExamStore:
    return MemoryExamStore()


def known_as(store: MemoryExamStore, name: str) -> str | None:
    """As the box is assembled with."""
    if (same := store.patients.patient_of(name)) is not None:
        return same.pseudonym
    return next((one.patient.pseudonym for one in store.patients.looking_like(name)), None)


def take_in(store: MemoryExamStore, path: Path, choices: ArchiveChoices | None = None, **more: Any) -> ArchiveResult:
    return import_archive(path, store, lambda name: known_as(store, name), NOON, choices, **more)


def entries_of(path: Path) -> Entries:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, change: Callable[[Entries], None], *, resealed: bool = True) -> None:
    """The archive as a stranger would make it; with `resealed` the manifest fits again."""
    entries = entries_of(path)
    change(entries)
    if resealed:
        manifest = json.loads(entries["manifest.json"])
        manifest["entries"] = [
            {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in entries.items()
            if name != "manifest.json"
        ]
        entries["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_another_box_has_the_same_exams_afterwards(archive: Path, store: MemoryExamStore) -> None:
    result = take_in(store, archive)
    exam, files = finished_exam()
    assert store.exam(EXAM_ID) == exam
    assert {image.image_id: store.read_png(EXAM_ID, image.image_id) for image in exam.images} == files
    assert [one.exam.exam_id for one in result.imported] == [EXAM_ID, SECOND_ID]
    assert result.imported[0].journal == JOURNAL
    mark = store.import_mark(SECOND_ID)
    assert mark is not None
    assert mark.origin == "archive"


def with_panorama_and_clip() -> tuple[Exam, Files]:
    exam, files = finished_exam()
    still, panorama, clip = exam.images
    buffer = io.BytesIO()
    Image.fromarray(pixels(2)).save(buffer, "JPEG")
    video = write_avi([buffer.getvalue()] * 3, 12.0, WIDTH, HEIGHT)
    clip = replace(
        clip, kind=ImageKind.CLIP, file_name=f"{clip.image_id}.avi", sha256=hashlib.sha256(video).hexdigest()
    )
    panorama = replace(panorama, kind=ImageKind.PANORAMA, sector=Sector.PANORAMIC)
    return replace(exam, images=(still, panorama, clip)), files | {clip.image_id: video}


def test_a_panorama_and_a_clip_are_the_same_files_on_another_box(tmp_path: Path) -> None:
    exam, files = with_panorama_and_clip()
    path = tmp_path / "exams.zip"
    with path.open("wb") as file:
        write_archive(file, [exam_to_export(exam, files)], NOON)
    other = open_storage(StorageSettings(folder=tmp_path / "other"), lambda: NOON)
    try:
        import_archive(path, other.exams, lambda _: None, NOON)
        assert other.exams.exam(EXAM_ID) == exam
        kept = {image.image_id: other.exams.read_png(EXAM_ID, image.image_id) for image in exam.images}
    finally:
        other.close()
    assert kept == files
    assert len(read_avi(kept[exam.images[2].image_id])[0]) == 3
    # A restart tidies what belongs to no exam; the clip belongs to one.
    again = open_storage(StorageSettings(folder=tmp_path / "other"), lambda: NOON)
    try:
        assert again.exams.read_png(EXAM_ID, exam.images[2].image_id) == files[exam.images[2].image_id]
    finally:
        again.close()


@pytest.mark.parametrize("form", [form for form in ExportFormat if form is not ExportFormat.ZIP])
def test_every_other_format_takes_an_exam_with_a_clip(form: ExportFormat) -> None:
    source, buffer = exam_to_export(*with_panorama_and_clip()), io.BytesIO()
    write_export(form, [source], buffer, NOON)
    assert buffer.getvalue()


def test_a_clip_under_the_name_of_a_still_is_refused(tmp_path: Path, store: MemoryExamStore) -> None:
    path = tmp_path / "exams.zip"
    with path.open("wb") as file:
        write_archive(file, [exam_to_export(*with_panorama_and_clip())], NOON)

    def rename(entries: Entries) -> None:
        name = next(name for name in entries if name.endswith(".avi"))
        entries[name.replace(".avi", ".png")] = entries.pop(name)

    rewrite(path, rename)
    with pytest.raises(ExportError, match="no file of image"):
        take_in(store, path)


def test_every_entry_stands_in_the_manifest_with_its_digest(archive: Path) -> None:
    entries = entries_of(archive)
    manifest = json.loads(entries["manifest.json"])
    assert manifest["schema"] == "nailfold.archive/1"
    said = {one["path"]: one["sha256"] for one in manifest["entries"]}
    assert said == {
        name: hashlib.sha256(content).hexdigest() for name, content in entries.items() if name != "manifest.json"
    }
    figures = json.loads(entries[f"exams/{EXAM_ID}/figures.json"])
    assert figures["exam"]["density_per_mm"]["value"] == 6.95
    assert figures["fingers"]["left-index"]["mean_apical_um"]["because"] == "no_calibration"


def test_what_this_software_does_not_know_of_a_result_leaves_with_it(tmp_path: Path) -> None:
    exam, files = finished_exam(count=1)
    image = replace(exam.images[0], recorded=recorded_from_text(FOREIGN))
    path = tmp_path / "exams.zip"
    with path.open("wb") as file:
        write_archive(file, [exam_to_export(replace(exam, images=(image,)), files)], NOON)
    entries = entries_of(path)
    for kind in ("results", "reviewed"):
        assert json.loads(entries[f"exams/{EXAM_ID}/{kind}/{image.image_id}.json"]) == json.loads(FOREIGN)


def test_the_same_exams_give_the_same_bytes() -> None:
    def made() -> bytes:
        buffer = io.BytesIO()
        write_archive(buffer, [exam_to_export(*finished_exam())], NOON)
        return buffer.getvalue()

    assert made() == made()


def test_a_second_import_recognises_what_is_there(archive: Path, store: MemoryExamStore) -> None:
    take_in(store, archive)
    again = take_in(store, archive)
    assert (again.imported, again.known) == ((), (EXAM_ID, SECOND_ID))


def test_a_known_pseudonym_must_be_decided_on(archive: Path, store: MemoryExamStore) -> None:
    store.patients.add_patient(PSEUDONYM, NOON)
    with pytest.raises(PseudonymClashError) as caught:
        take_in(store, archive)
    assert caught.value.here == {PSEUDONYM: PSEUDONYM}
    assert PSEUDONYM not in str(caught.value)
    assert store.exams() == ()
    take_in(store, archive, ArchiveChoices(renamed={PSEUDONYM: "GUEST-1"}))
    assert store.exam(EXAM_ID).patient_pseudonym == "GUEST-1"


LOOKS_SO = PSEUDONYM.replace("0", "O")


@pytest.mark.parametrize(
    ("choices", "becomes"),
    [
        (ArchiveChoices(), None),
        (ArchiveChoices(renamed={PSEUDONYM: "nc 0042"}), None),
        (ArchiveChoices(same_patients=frozenset({PSEUDONYM})), LOOKS_SO),
        (ArchiveChoices(renamed={PSEUDONYM: PSEUDONYM}), PSEUDONYM),
        (ArchiveChoices(renamed={PSEUDONYM: "GUEST-1"}), "GUEST-1"),
    ],
)
def test_a_pseudonym_that_looks_like_one_that_is_here_must_be_decided_on(
    archive: Path, store: MemoryExamStore, choices: ArchiveChoices, becomes: str | None
) -> None:
    store.patients.add_patient(LOOKS_SO, NOON)
    if becomes is None:
        with pytest.raises(PseudonymClashError) as caught:
            take_in(store, archive, choices)
        assert caught.value.here == {PSEUDONYM: LOOKS_SO}
        assert store.exams() == ()
    else:
        take_in(store, archive, choices)
        assert store.exam(EXAM_ID).patient_pseudonym == becomes


def test_the_same_patient_on_both_boxes_is_one_patient(archive: Path, store: MemoryExamStore) -> None:
    store.patients.add_patient(PSEUDONYM, NOON)
    take_in(store, archive, ArchiveChoices(same_patients=frozenset({PSEUDONYM})))
    assert store.exam(EXAM_ID).patient_pseudonym == PSEUDONYM


def test_a_new_name_that_is_taken_is_a_clash_too(archive: Path, store: MemoryExamStore) -> None:
    store.patients.add_patient("TAKEN-1", NOON)
    with pytest.raises(PseudonymClashError):
        take_in(store, archive, ArchiveChoices(renamed={PSEUDONYM: "TAKEN-1"}))


def test_nothing_is_published_unless_asked_for(archive: Path, store: MemoryExamStore) -> None:
    def message(exam: Any) -> OutboxMessage:
        return OutboxMessage(exam.exam_id, "nailfold.exam/1", b"{}", "a" * 64)

    take_in(store, archive, make_message=message)
    assert store.outbox.message_state(EXAM_ID) is None
    other = MemoryExamStore()
    take_in(other, archive, ArchiveChoices(publish=True), make_message=message)
    assert other.outbox.message_state(EXAM_ID) == "pending"


def test_a_changed_picture_is_refused_and_nothing_is_kept(archive: Path, store: MemoryExamStore) -> None:
    def change(entries: Entries) -> None:
        name = next(name for name in entries if name.startswith(f"exams/{SECOND_ID}/images/"))
        entries[name] = entries[name][:-1] + b"\x00"

    rewrite(archive, change, resealed=False)
    with pytest.raises(ExportError, match="SHA-256 differs"):
        take_in(store, archive)
    assert store.exams() == ()


def test_a_picture_changed_together_with_its_manifest_is_refused_by_the_exams_own_digest(
    archive: Path, store: MemoryExamStore
) -> None:
    other = io.BytesIO()
    Image.new("RGB", (64, 48)).save(other, "PNG")
    rewrite(archive, lambda entries: entries.update({_first_image(entries): other.getvalue()}))
    with pytest.raises(ApplianceError, match="digest is not that of its bytes"):
        take_in(store, archive)
    assert store.exams() == ()


def _first_image(entries: Entries) -> str:
    return next(name for name in entries if "/images/" in name)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", f"exams/{EXAM_ID}/images/../x.png", "C:\\x.png", "exams/x/exam.json"]
)
def test_a_name_that_leads_elsewhere_is_refused(archive: Path, store: MemoryExamStore, name: str) -> None:
    rewrite(archive, lambda entries: entries.update({name: b"x"}))
    with pytest.raises(ExportError, match="is no name of this format"):
        take_in(store, archive)


def test_a_bomb_is_refused_before_it_is_unpacked(archive: Path, store: MemoryExamStore) -> None:
    rewrite(archive, lambda entries: entries.update({f"exams/{EXAM_ID}/review.json": b" " * 50_000_000}))
    with pytest.raises(ExportError, match="grows more than 200 times"):
        take_in(store, archive)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ArchiveLimits(largest_entry_bytes=2000), "MB, at most"),
        (ArchiveLimits(largest_total_bytes=2000), "GB unpacked"),
        (ArchiveLimits(most_entries=5), "files, at most 5"),
    ],
)
def test_what_is_too_large_is_refused(archive: Path, store: MemoryExamStore, limits: ArchiveLimits, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        take_in(store, archive, limits=limits)


def test_a_file_that_the_manifest_does_not_name_is_refused(archive: Path, store: MemoryExamStore) -> None:
    stranger = f"exams/{EXAM_ID}/images/{SECOND_ID}.png"
    rewrite(archive, lambda entries: entries.update({stranger: b"x"}), resealed=False)
    with pytest.raises(ExportError, match="manifest and files differ"):
        take_in(store, archive)


def test_another_format_is_named(archive: Path, store: MemoryExamStore) -> None:
    def newer(entries: Entries) -> None:
        entries["manifest.json"] = json.dumps({"schema": "nailfold.archive/9"}).encode()

    rewrite(archive, newer, resealed=False)
    with pytest.raises(ExportError, match="format 'nailfold"):
        take_in(store, archive)


def test_what_is_no_archive_is_refused_in_one_line(tmp_path: Path, store: MemoryExamStore) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"no zip at all")
    with pytest.raises(ExportError, match="no ZIP archive"):
        take_in(store, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "[]")
    with pytest.raises(ExportError, match="no JSON object"):
        take_in(store, path)


def test_a_zip_of_pictures_is_told_what_to_do_with_it(tmp_path: Path, store: MemoryExamStore) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("__MACOSX/left/._a.png", b"")
        archive.writestr("left/a.png", b"x")
    with pytest.raises(ExportError, match="no manifest") as refused:
        take_in(store, tmp_path / "x.zip")
    assert "unpack" in refused.value.remedy


def test_a_cut_off_archive_is_refused(archive: Path, store: MemoryExamStore) -> None:
    archive.write_bytes(archive.read_bytes()[:-4000])
    with pytest.raises(ExportError):
        take_in(store, archive)
    assert store.exams() == ()


def test_a_result_that_does_not_fit_its_schema_is_refused(archive: Path, store: MemoryExamStore) -> None:
    def spoil(entries: Entries) -> None:
        name = next(name for name in entries if "/results/" in name)
        document = json.loads(entries[name])
        document["images"][0]["capillaries"][0]["morphology"] = "purple"
        entries[name] = json.dumps(document).encode()

    rewrite(archive, spoil)
    with pytest.raises(ExportError, match="purple"):
        take_in(store, archive)


@pytest.mark.parametrize("spoilt", [None, 5, ["dana"]])
def test_a_field_that_holds_no_text_becomes_no_word(archive: Path, store: MemoryExamStore, spoilt: object) -> None:
    def spoil(entries: Entries) -> None:
        name = next(name for name in entries if name.endswith("exam.json"))
        entries[name] = json.dumps({**json.loads(entries[name]), "operator": spoilt}).encode()

    rewrite(archive, spoil)
    with pytest.raises(ExportError, match="operator is"):
        take_in(store, archive)
    assert store.exams() == ()


def test_an_exam_of_the_same_id_with_other_images_is_refused(archive: Path, store: MemoryExamStore) -> None:
    from appliance.ports import ExamImport  # noqa: PLC0415

    exam, files = finished_exam(count=1)
    store.import_exams([ExamImport(exam, files, "archive")], NOON)
    with pytest.raises(ExportError, match="with other images"):
        take_in(store, archive)
