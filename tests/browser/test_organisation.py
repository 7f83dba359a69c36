"""Searching, filing and archiving as a clinic does it, in a real browser."""

from datetime import date, datetime, timezone

import pytest
from playwright.sync_api import Page

from appliance.domain.exam import ExamStart, Finger, Hand, Placement, Sector, SkippedPlacement
from appliance.domain.patient import PatientIdentity
from tests.browser.conftest import Camera, OpenPage
from tests.support.page_station import PageStation

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
GARCIA = PatientIdentity("María García", date(1968, 3, 9), clinic_number="H-77120")


@pytest.fixture
def exams(station: PageStation, camera: Camera) -> list[str]:
    """Two exams of known patients, newest last."""
    station.store.patients.add_patient("NC-1", NOON, GARCIA)
    station.store.patients.add_patient("NC-2", NOON, PatientIdentity("Ana López"))
    made = []
    for pseudonym in ("NC-1", "NC-2"):
        exam = station.session.start(pseudonym, ExamStart("ana"))
        skipped = SkippedPlacement(Placement(Hand.RIGHT, Finger.RING, Sector.A), "bandage")
        station.store.skip_placement(exam.exam_id, skipped)
        camera.show()
        station.session.capture()
        made.append(station.session.finish("ana").exam_id)
    return made


def shown_patients(page: Page) -> list[str]:
    words = page.locator("#rows tbody tr td:nth-child(2) a").all_inner_texts()
    return [one.split()[0] for one in words]


def undo(page: Page) -> None:
    page.click(".toast button")
    page.wait_for_selector(".toast >> text=Undone")


def test_exams_are_found_by_name_as_it_is_typed_and_the_name_stays_out_of_the_address(
    open_page: OpenPage, exams: list[str]
) -> None:
    page = open_page(path="/exams/")
    assert shown_patients(page) == ["NC-2", "NC-1"]
    page.fill("#text", "garcia")
    page.wait_for_selector("text=1 exam")
    assert shown_patients(page) == ["NC-1"]
    assert "garcia" not in page.url.lower()
    page.click("#rows a >> text=NC-1")
    page.wait_for_url(f"**/exams/{exams[0]}")
    page.go_back()
    page.wait_for_selector("text=1 exam")
    assert page.input_value("#text") == "garcia", "coming back brings the search back"
    page.fill("#text", "nobody at all")
    page.wait_for_selector("text=Nothing meets these conditions")
    page.click("text=Clear")
    page.wait_for_selector("text=2 exams")


def test_chosen_exams_are_archived_by_keyboard_and_it_is_undone(
    open_page: OpenPage, station: PageStation, exams: list[str]
) -> None:
    page = open_page(path="/exams/")
    page.focus("[data-choose-all]")
    page.keyboard.press("Space")
    page.wait_for_selector("text=2 chosen")
    page.focus('[data-action="archive"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nothing meets these conditions")
    assert all(station.store.exam(exam_id).is_archived for exam_id in exams)
    undo(page)
    page.wait_for_selector("text=2 exams")
    assert not any(station.store.exam(exam_id).is_archived for exam_id in exams)


def test_exam_is_filed_from_its_own_page_and_it_is_undone(
    open_page: OpenPage, station: PageStation, exams: list[str]
) -> None:
    folder = station.store.folders.add_folder("Raynaud")
    page = open_page(path=f"/exams/{exams[0]}")
    page.select_option("#exam-folder", label="Raynaud")
    page.wait_for_selector(".toast >> text=Moved to Raynaud")
    assert station.store.exam(exams[0]).folder_id == folder.folder_id
    undo(page)
    assert station.store.exam(exams[0]).folder_id is None


def test_hand_map_shows_what_is_done_and_what_was_skipped(open_page: OpenPage, exams: list[str]) -> None:
    page = open_page(path=f"/exams/{exams[0]}")
    assert page.get_attribute('[data-cell="left-index-A"]', "data-state") == "done"
    skipped = page.locator('[data-cell="right-ring-A"]')
    assert skipped.get_attribute("aria-label") == "Right hand, Ring, A: not evaluable (bandage)"
    page.click('a[data-cell="left-index-A"]')
    assert "#image-" in page.url


def test_folder_is_made_renamed_moved_and_archived_and_each_is_undone(
    open_page: OpenPage, station: PageStation
) -> None:
    page = open_page(path="/projects/")

    def tree() -> list[tuple[str, str | None, bool]]:
        folders = station.store.folders.folders()
        names = {folder.folder_id: folder.name for folder in folders}
        return [(one.name, names.get(one.parent_id or ""), one.is_archived) for one in folders]

    for name in ("Raynaud", "SSc"):
        page.fill("#new-project", name)
        page.press("#new-project", "Enter")
        page.wait_for_selector(f".folder-name >> text={name}")
    page.click('[data-name="SSc"] [data-folder-action="move"]')
    page.select_option('[data-name="SSc"] select', label="Raynaud")
    page.click('[data-name="SSc"] form[data-form="move"] button')
    page.wait_for_selector(".toast >> text=SSc moved")
    assert tree() == [("Raynaud", None, False), ("SSc", "Raynaud", False)]
    undo(page)
    page.click('[data-name="SSc"] [data-folder-action="rename"]')
    page.keyboard.type("Systemic sclerosis")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast >> text=Renamed to Systemic sclerosis")
    undo(page)
    assert tree() == [("Raynaud", None, False), ("SSc", None, False)]
    page.click('[data-name="Raynaud"] [data-folder-action="archive"]')
    page.wait_for_selector(".toast >> text=Archived")
    assert tree() == [("Raynaud", None, True), ("SSc", None, False)]
    undo(page)
    assert tree() == [("Raynaud", None, False), ("SSc", None, False)]


def test_patient_is_added_with_a_name_edited_and_the_edit_undone(open_page: OpenPage, station: PageStation) -> None:
    page = open_page(path="/patients/")
    page.click("text=New patient")
    page.fill("#pseudonym", "NC-7")
    page.fill("#name", "Jean Moreau")
    page.fill("#birth-date", "1950-06-07")
    page.press("#clinic-number", "Enter")
    page.wait_for_selector("h1 >> text=NC-7")
    page.click("summary")
    page.fill("#name", "Jean-Luc Moreau")
    page.click("text=Save")
    page.wait_for_selector(".who >> text=Jean-Luc Moreau")
    undo(page)
    page.wait_for_selector(".who >> text=Jean Moreau")
    patient = station.store.patients.patient_of("NC-7")
    assert patient is not None
    assert patient.identity == PatientIdentity("Jean Moreau", date(1950, 6, 7))


def test_pictures_are_gathered_taken_out_and_it_is_undone(
    open_page: OpenPage, station: PageStation, exams: list[str]
) -> None:
    collections = station.services.collections
    collection_id = collections.add_collection("Giants", NOON).collection_id
    page = open_page(path=f"/exams/{exams[0]}")
    page.select_option("[data-collect-image]", label="Giants")
    page.wait_for_selector(".toast >> text=1 picture added to Giants")
    page.goto(page.url.split("/exams")[0] + f"/collections/{collection_id}")
    page.click("[data-take-out]")
    page.wait_for_selector("text=No pictures yet")
    undo(page)
    page.wait_for_selector("[data-take-out]")
    assert len(collections.images(collection_id)) == 1
