"""An exam as the operator does it, in a real browser."""

import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page

from appliance.domain.exam import ExamStart
from appliance.domain.patient import PatientIdentity
from tests.browser.chromium import start_exam, wait_until
from tests.browser.conftest import Camera, OpenPage
from tests.support.exam_parts import NOON
from tests.support.page_station import Feed, PageStation
from webui.live.status import status_document

PHONE = (390, 844)


@pytest.fixture
def exam_page(live_page: Page, camera: Camera) -> Iterator[Page]:
    """A live page with a moving picture and an open exam."""
    with Feed(lambda: camera.show() and None, fps=8):
        start_exam(live_page, "NC-0042")
        wait_until(live_page, "window.__nailfold.screen().isOverlayShown")
        yield live_page


def captures(station: PageStation) -> int:
    exam = station.session.snapshot().exam
    return 0 if exam is None else len(exam.images)


def wait_for_thumbnails(page: Page, count: int) -> None:
    wait_until(page, f"document.querySelectorAll('.thumbnail img').length === {count}")


def test_space_captures_and_control_z_takes_it_back(exam_page: Page, station: PageStation) -> None:
    exam_page.keyboard.press("Space")
    wait_for_thumbnails(exam_page, 1)
    assert captures(station) == 1
    wait_until(exam_page, "document.querySelector('.thumbnail img').naturalWidth > 0")
    exam_page.keyboard.press("Control+z")
    wait_for_thumbnails(exam_page, 0)
    assert captures(station) == 0
    exam_page.keyboard.press("Control+y")
    wait_for_thumbnails(exam_page, 1)
    assert captures(station) == 1


def test_undo_is_offered_on_the_notice_and_on_the_last_thumbnail(exam_page: Page, station: PageStation) -> None:
    exam_page.click('[data-command="capture"]')
    exam_page.click(".toast button")
    wait_for_thumbnails(exam_page, 0)
    exam_page.click('[data-command="capture"]')
    exam_page.click(".take-back")
    wait_for_thumbnails(exam_page, 0)
    assert captures(station) == 0


def test_capture_lands_on_the_chosen_finger_and_sector(exam_page: Page, station: PageStation) -> None:
    exam_page.click('[data-hand="right"][data-finger="ring"]')
    exam_page.click('[data-sector="C"]')
    exam_page.wait_for_selector('[data-hand="right"][data-finger="ring"][aria-checked="true"]')
    assert exam_page.inner_text("#capture-target") == "Right hand, ring, C"
    exam_page.keyboard.press("Space")
    wait_for_thumbnails(exam_page, 1)
    exam = station.session.snapshot().exam
    assert exam is not None
    image = exam.images[0]
    assert (image.hand.value, image.finger.value, image.sector.value) == ("right", "ring", "C")
    assert exam_page.get_attribute('#hands [data-cell="right-ring-C"]', "data-state") == "done"


def test_quick_choices_reach_the_station_in_their_order_however_slow_it_is(
    exam_page: Page, station: PageStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    select, waits_s = station.session.select, iter((0.5, 0.2, 0.0))

    def slow_at_first(*placement: Any) -> None:
        time.sleep(next(waits_s))
        select(*placement)

    monkeypatch.setattr(station.session, "select", slow_at_first)
    exam_page.click('[data-hand="right"][data-finger="ring"]')
    for key in ("ArrowRight", "c", "Space"):
        exam_page.keyboard.press(key)
    wait_for_thumbnails(exam_page, 1)
    exam = station.session.snapshot().exam
    assert exam is not None
    image = exam.images[0]
    assert (image.hand.value, image.finger.value, image.sector.value) == ("right", "little", "C")


def test_state_that_was_overtaken_is_not_drawn(exam_page: Page, station: PageStation) -> None:
    overtaken = status_document(station.services)
    exam_page.keyboard.press("c")
    wait_until(exam_page, "document.querySelector('#capture-target').textContent.endsWith('C')")
    wait_until(exam_page, "document.querySelector('[data-sector=C][aria-checked=true]') !== null")
    deadline = time.monotonic() + 5
    while station.session.snapshot().placement.sector.value != "C":
        assert time.monotonic() < deadline
        exam_page.wait_for_timeout(20)
    for _ in range(20):
        station.hub.publish_status(overtaken)
        exam_page.wait_for_timeout(10)
        assert exam_page.inner_text("#capture-target").endswith("C")


def test_discarding_can_be_taken_back(exam_page: Page, station: PageStation) -> None:
    exam_page.click('[data-command="discard"]')
    exam_page.click(".toast button")
    exam_page.wait_for_timeout(5500)
    assert station.session.snapshot().exam is not None
    exam_page.click('[data-command="discard"]')
    exam_page.wait_for_selector("#exam[data-exam=none]", timeout=9000)
    assert station.store.exams()[0].state.value == "discarded"


def test_capture_by_the_pedal_appears_on_every_page(exam_page: Page, open_page: OpenPage, station: PageStation) -> None:
    other = open_page()
    station.session.capture()
    wait_for_thumbnails(exam_page, 1)
    wait_for_thumbnails(other, 1)


def test_whole_exam_by_keyboard_alone(open_page: OpenPage, camera: Camera, station: PageStation) -> None:
    with Feed(lambda: camera.show() and None, fps=8):
        page = open_page()
        wait_until(page, "window.__nailfold.screen().isOverlayShown")
        page.keyboard.press("Space")
        page.keyboard.type("NC-0077")
        page.keyboard.press("Enter")
        page.wait_for_selector("#patient-chosen:not([hidden])")
        page.keyboard.press("Enter")
        page.wait_for_selector("#exam[data-exam=open]")
        for key in ("ArrowRight", "ArrowRight", "b", "Space"):
            page.keyboard.press(key)
            page.wait_for_timeout(150)
        wait_for_thumbnails(page, 1)
        page.keyboard.press("Space")
        wait_for_thumbnails(page, 2)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#exam[data-exam=none]")
    exam = station.store.exam(station.store.exams()[0].exam_id)
    assert exam.patient_pseudonym == "NC-0077"
    assert exam.state.value == "finished"
    assert len(exam.images) == 2
    assert exam.images[0].sector.value == "B"
    assert station.store.outbox.status().pending == 1


def test_mistyped_pseudonym_makes_no_patient_and_offers_who_was_meant(live_page: Page, station: PageStation) -> None:
    identity = PatientIdentity("María García", date(1968, 3, 9))
    station.store.patients.add_patient("NC-0042", NOON, identity)
    live_page.fill("#pseudonym", "NC-0024")
    live_page.press("#pseudonym", "Enter")
    live_page.wait_for_selector('#patient-chosen[data-kind="new"]')
    assert "New patient" in live_page.inner_text("#patient-chosen")
    live_page.click("#patient-chosen >> text=NC-0042, María García, born 9 Mar 1968")
    live_page.wait_for_selector('#patient-chosen[data-kind="known"]')
    live_page.click("#start-facts summary")
    live_page.fill("#fact-antibodies", "anti-centromere")
    live_page.fill("#fact-room_temperature_c", "23")
    live_page.check("[name=protocol][value='16']", force=True)
    live_page.click("#start-exam")
    live_page.wait_for_selector("#exam[data-exam=open]")
    exam = station.session.snapshot().exam
    assert exam is not None
    assert (exam.patient_pseudonym, exam.protocol) == ("NC-0042", "16")
    assert station.services.facts.of(exam.exam_id) == {"antibodies": "anti-centromere", "room_temperature_c": 23}
    assert station.store.patients.patients().total == 1


def test_pseudonym_that_looks_like_one_that_is_here_is_asked_about(live_page: Page, station: PageStation) -> None:
    station.store.patients.add_patient("NC-0O1", NOON, PatientIdentity("María García"))
    live_page.fill("#pseudonym", "NC-001")
    live_page.press("#pseudonym", "Enter")
    live_page.wait_for_selector("#patient-chosen >> text=There is already NC-0O1, which looks like this. María García")
    assert live_page.is_disabled("#start-exam")
    live_page.click("#patient-chosen >> text=NC-0O1 is meant")
    live_page.wait_for_selector('#patient-chosen[data-kind="known"]')
    live_page.click("#patient-chosen [data-other]")
    live_page.fill("#pseudonym", "NC-001")
    live_page.press("#pseudonym", "Enter")
    live_page.click("#patient-chosen >> text=NC-001 is another patient")
    live_page.click("#start-exam:enabled")
    live_page.wait_for_selector("#exam[data-exam=open]")
    exam = station.session.snapshot().exam
    assert exam is not None
    assert exam.patient_pseudonym == "NC-001"
    assert station.store.patients.patients().total == 2


def test_patient_is_found_by_name_and_chosen_by_arrow(live_page: Page, station: PageStation) -> None:
    for pseudonym, name in (("NC-0042", "María García"), ("NC-0017", "Ana López")):
        station.store.patients.add_patient(pseudonym, NOON, PatientIdentity(name))
    live_page.fill("#pseudonym", "garcia")
    live_page.wait_for_selector("#patients-found >> text=NC-0042")
    live_page.keyboard.press("ArrowDown")
    live_page.keyboard.press("Enter")
    live_page.wait_for_selector('#patient-chosen[data-kind="known"]')
    assert "María García" in live_page.inner_text("#patient-chosen")
    live_page.click("#patient-chosen [data-other]")
    assert live_page.is_disabled("#start-exam")


def test_name_in_place_of_a_pseudonym_is_refused_in_words(live_page: Page, station: PageStation) -> None:
    live_page.fill("#pseudonym", "Anna Schmidt")
    live_page.press("#pseudonym", "Enter")
    live_page.wait_for_selector(".toast-problem")
    assert "looks like a person's name" in live_page.inner_text(".toast-problem")
    assert live_page.is_disabled("#start-exam")
    assert station.session.snapshot().exam is None


def test_finished_exam_can_be_looked_at_with_its_boxes(exam_page: Page) -> None:
    exam_page.keyboard.press("Space")
    wait_for_thumbnails(exam_page, 1)
    exam_page.keyboard.press("Control+Enter")
    exam_page.click(".toast >> text=Open the exam")
    exam_page.wait_for_selector(".still-canvas[data-drawn=true]")
    assert "waiting to be sent" in exam_page.inner_text("#delivery")
    edge = """() => {
        const canvas = document.querySelector(".still-canvas"), at = (value) => Math.round(value * canvas.width / 640);
        return [...canvas.getContext("2d").getImageData(at(100), at(220), 1, 1).data].slice(0, 3);
    }"""
    colour = exam_page.evaluate(edge)
    assert max(colour) - min(colour) > 60, "the loop's box is not drawn"
    exam_page.uncheck("#show-overlay")
    colour = exam_page.evaluate(edge)
    assert max(colour) - min(colour) < 12, "the box is still drawn"


def test_page_whose_session_ended_asks_to_log_in_again(exam_page: Page) -> None:
    exam_page.context.clear_cookies()
    exam_page.keyboard.press("Space")
    exam_page.wait_for_url("**/login**")


def test_request_without_the_pages_token_changes_nothing(exam_page: Page, station: PageStation) -> None:
    answer = exam_page.evaluate(
        """() => fetch("/api/v1/exam/capture", {method: "POST"})
             .then(async (response) => [response.status, (await response.json()).error.remedy])"""
    )
    assert answer == [400, "Reload the page."]
    assert captures(station) == 0


@pytest.mark.parametrize("size", [PHONE, (768, 1024), (1024, 768), (1440, 900)])
def test_nothing_beside_the_picture_sticks_out(
    open_page: OpenPage, station: PageStation, camera: Camera, size: tuple[int, int]
) -> None:
    station.session.start("NC-0042-WITH-A-VERY-LONG-PSEUDONYM", ExamStart("ana"))
    camera.show()
    station.session.capture()
    page = open_page(*size)
    page.wait_for_timeout(400)
    too_wide = "[...document.querySelectorAll('.rail, .rail *')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
    assert page.evaluate(f"{too_wide}.filter((e) => getComputedStyle(e).overflow === 'visible').length") == 0


@pytest.mark.parametrize("size", [PHONE, (1024, 768), (1440, 900)])
def test_everything_that_is_pressed_is_large_enough_for_a_gloved_finger(
    open_page: OpenPage, station: PageStation, camera: Camera, size: tuple[int, int]
) -> None:
    station.session.start("NC-0042", ExamStart("ana"))
    camera.show()
    station.session.capture()
    page = open_page(*size)
    wait_for_thumbnails(page, 1)
    small = page.evaluate(
        """[...document.querySelectorAll("button:not([data-explain])")]
             .map((button) => [button.outerHTML.slice(0, 90), button.getBoundingClientRect()])
             .filter(([, at]) => at.width > 0 && (at.width < 43.5 || at.height < 43.5))
             .map(([html, at]) => `${at.width}x${at.height} ${html}`)"""
    )
    assert small == []


def test_capture_stays_in_reach_on_a_phone(open_page: OpenPage, station: PageStation, camera: Camera) -> None:
    station.session.start("NC-0042", ExamStart("ana"))
    page = open_page(*PHONE)
    with Feed(lambda: camera.show() and None, fps=8):
        wait_until(page, "window.__nailfold.screen().isOverlayShown")
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(300)
        at = page.locator('[data-command="capture"]').bounding_box()
        assert at is not None
        assert at["y"] + at["height"] <= PHONE[1]
        page.click('[data-command="capture"]')
        wait_for_thumbnails(page, 1)


def test_shortcuts_are_listed_with_a_question_mark(live_page: Page) -> None:
    live_page.keyboard.press("?")
    live_page.wait_for_selector("#help:visible")
    assert "Take the last step back" in live_page.inner_text("#help")
    live_page.keyboard.press("Escape")
    live_page.wait_for_selector("#help", state="hidden")


def test_theme_is_remembered(live_page: Page, station: PageStation) -> None:
    live_page.click("[data-theme-switch]")
    live_page.goto(f"{station.url}/exams/")
    assert live_page.get_attribute("html", "data-theme") == "light"
