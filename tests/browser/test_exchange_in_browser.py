"""Exports and imports as a physician does them."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle
from PIL import Image
from playwright.sync_api import Page

from appliance.exports.export_service import ExportFormat
from appliance.exports.settings import PacsSettings
from appliance.ports import ExamImport
from tests.browser.chromium import wait_until
from tests.browser.conftest import OpenPage
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.archive import Archive
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, finished_exam, image_id, pixels
from tests.support.page_station import PageStation


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as running:
        yield running


@pytest.fixture
def station(archive: Archive) -> Iterator[PageStation]:
    with PageStation(pacs=PacsSettings("127.0.0.1", archive.port, "ARCHIVE", timeout_s=5.0)) as running:
        yield running


def keep_exam(station: PageStation) -> None:
    station.store.import_exams([ExamImport(*finished_exam(), "archive")], NOON)


def test_an_exam_is_downloaded_and_sent_from_its_page(
    open_page: OpenPage, station: PageStation, archive: Archive, tmp_path: Path
) -> None:
    keep_exam(station)
    page: Page = open_page(path=f"/exams/{EXAM_ID}", name=PHYSICIAN)
    with page.expect_download() as download:
        page.click("[data-export=fhir]")
    download.value.save_as(tmp_path / "bundle.json")
    Bundle.model_validate_json((tmp_path / "bundle.json").read_bytes())
    assert download.value.suggested_filename == f"exam-{EXAM_ID[:8]}.fhir.json"
    page.click("#send-to-pacs")
    wait_until(page, "document.querySelector('#pacs-state').dataset.state === 'sent'", timeout_s=30)
    assert len(archive.received) == 4
    assert "Imported from another box" in page.inner_text("#imported")


def test_chosen_exams_are_one_download(open_page: OpenPage, station: PageStation) -> None:
    keep_exam(station)
    page = open_page(path="/exams/", name=PHYSICIAN)
    page.check("[data-choose]")
    with page.expect_download() as download:
        page.select_option("#chosen-export", "csv")
    assert download.value.suggested_filename.endswith(".csv.zip")
    with page.expect_download() as download:
        page.select_option("[data-export-found]", "csv")
    assert download.value.suggested_filename.endswith(".csv.zip")


def test_a_folder_and_a_collection_are_exported_from_their_pages(open_page: OpenPage, station: PageStation) -> None:
    keep_exam(station)
    project = station.store.folders.add_folder("Lupus study")
    station.store.file_exams({EXAM_ID: project.folder_id})
    giants = station.services.collections.add_collection("Giants", NOON)
    station.services.collections.add_images(giants.collection_id, [image_id(0)])
    page = open_page(path="/projects/", name=PHYSICIAN)
    with page.expect_download() as download:
        page.select_option("[data-export-folder]", "zip")
    assert download.value.suggested_filename == f"exam-{EXAM_ID[:8]}.zip"
    page = open_page(path=f"/collections/{giants.collection_id}", name=PHYSICIAN)
    with page.expect_download() as download:
        page.select_option("[data-export-collection]", "zip")
    assert download.value.suggested_filename == f"exam-{EXAM_ID[:8]}.zip"


def test_an_operator_is_offered_neither(open_page: OpenPage, station: PageStation) -> None:
    keep_exam(station)
    page = open_page(path=f"/exams/{EXAM_ID}", name=OPERATOR)
    assert page.query_selector("#exports") is None


def test_pictures_are_placed_measured_and_become_an_exam(
    open_page: OpenPage, station: PageStation, tmp_path: Path
) -> None:
    files = [tmp_path / "L2A.png", tmp_path / "IMG_7.png"]
    for at, path in enumerate(files):
        Image.fromarray(pixels(at)).save(path)
    (tmp_path / "notes.png").write_bytes(b"no picture")
    page = open_page(path="/import", name=PHYSICIAN)
    page.set_input_files("#files", [*files, tmp_path / "notes.png"])
    wait_until(page, "document.querySelectorAll('#file-rows tr').length === 3")
    said = page.inner_text("#file-rows tr:nth-child(3)")
    assert "notes.png" in said
    assert "cannot read notes.png" in said
    assert "/tmp/" not in said
    assert page.is_disabled("#import-start")
    page.select_option("#file-rows tr:nth-child(2) select >> nth=0", "right")
    page.select_option("#file-rows tr:nth-child(2) select >> nth=1", "ring")
    page.fill("#import-pseudonym", "NC-77")
    assert page.locator("#file-rows img").evaluate_all("all => all.map(one => one.naturalWidth > 0)") == [True, True]
    assert "no date in the file" in page.inner_text("#file-rows tr:nth-child(1)")
    assert page.inner_text("#scale-rows").split("\n")[1] == "2 pictures, no scale in the file"
    page.fill("#scale-rows input", "1.5")
    wait_until(page, "!document.querySelector('#import-start').disabled")
    station.store.patients.add_patient("NC-7\u03a4", NOON)
    page.fill("#import-pseudonym", "NC-7t")
    page.press("#scale-rows input", "Enter")
    page.wait_for_selector("#import-alike >> text=There is already NC-7\u03a4, which looks like this.")
    assert station.store.exams() == ()
    page.fill("#import-pseudonym", "NC-77")
    page.wait_for_selector("#import-alike", state="hidden")
    page.press("#scale-rows input", "Enter")
    page.wait_for_selector("#outcome a.primary")
    page.click("#outcome a.primary")
    page.wait_for_selector("#exam-page")
    (exam,) = station.store.exams()
    kept = station.store.exam(exam.exam_id)
    assert [image.finger.value for image in kept.images] == ["index", "ring"]
    assert kept.patient_pseudonym == "NC-77"
    assert [image.analysis.um_per_px for image in kept.images] == [1.5, 1.5]


def test_an_archive_whose_pseudonym_is_in_use_asks_first(
    open_page: OpenPage, station: PageStation, tmp_path: Path
) -> None:
    source = PageStation()
    keep_exam(source)
    buffer = io.BytesIO()
    source.exchange.exports.export(ExportFormat.ZIP, [EXAM_ID], buffer, "dr.ruiz")
    (tmp_path / "box1.zip").write_bytes(buffer.getvalue())
    station.store.patients.add_patient(PSEUDONYM, NOON)
    page = open_page(path="/import", name=PHYSICIAN)
    page.set_input_files("#files", tmp_path / "box1.zip")
    page.wait_for_selector("#clash:not([hidden])")
    assert station.store.exams() == ()
    page.fill("#clash-list input[type=text]", "GUEST-4")
    page.click("#clash-form button.primary")
    page.wait_for_selector("#outcome a.primary")
    assert station.store.exam(EXAM_ID).patient_pseudonym == "GUEST-4"
