"""A physician at the review page, with a real mouse and keyboard in a real Chromium."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from appliance.analysis.recorded_analysis import image_document_of
from appliance.domain.exam import Exam
from appliance.domain.review_edits import DeleteCapillary
from tests.browser.chromium import log_in, wait_until
from tests.support.accounts import FULL_NAMES, OPERATOR, PHYSICIAN
from tests.support.page_station import PageStation
from tests.support.review_exam import UM_PER_PX, exam_with_unsure_giant, finished_exam


class ReviewPage:
    """The page of an exam's first image."""

    def __init__(self, page: Page, station: PageStation, exam: Exam) -> None:
        self.page, self.station, self.exam = page, station, exam

    def open(self, name: str = PHYSICIAN) -> "ReviewPage":
        image = self.exam.images[0].image_id
        self.page.goto(f"{self.station.url}/exams/{self.exam.exam_id}/images/{image}/review")
        log_in(self.page, name)
        self.settle(0)
        return self

    def settle(self, revisions: int) -> dict[str, Any]:
        """What stands once that many changes of the image have arrived."""
        wait_until(self.page, "document.querySelector('#review')?.dataset.ready === 'true'")
        image_id = self.exam.images[0].image_id
        wait_until(self.page, f"document.querySelector('#review').dataset.revision === '{self.seen(revisions)}'")
        return image_document_of(self.station.services.reviews.image(self.exam.exam_id, image_id).reviewed.recorded)

    def seen(self, revisions: int) -> int:
        for _ in range(100):
            entries = self.station.services.reviews.history(self.exam.exam_id, self.exam.images[0].image_id)
            if len(entries) == revisions:
                return entries[-1].seq if entries else 0
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{len(entries)} changes arrived, not {revisions}")

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, release: bool = True) -> None:
        """In pixels of the picture."""
        mouse = self.page.mouse
        mouse.move(*self.client(start))
        mouse.down()
        mouse.move(*self.client(end), steps=5)
        if release:
            mouse.up()

    def click(self, point: tuple[float, float]) -> None:
        self.page.mouse.click(*self.client(point))

    def client(self, point: tuple[float, float]) -> tuple[float, float]:
        x, y = self.page.evaluate("(point) => window.__review.board.clientPoint(point)", list(point))
        return x, y

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)


@pytest.fixture
def review(browser: Browser, station: PageStation) -> Iterator[ReviewPage]:
    faults: list[str] = []
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield ReviewPage(page, station, finished_exam(station.store))
    page.context.close()
    assert faults == []


def test_dragging_a_width_end_changes_micrometres_class_and_figures(review: ReviewPage) -> None:
    review.open()
    # Loop 2: box at x = 120, apical width from (140, 200) to (140, 212).
    review.click((140, 290))
    assert review.text("#finding-name") == "Capillary 2"
    assert review.text('[data-width="apical"] [data-value]') == "18 µm"
    review.drag((140, 212), (140, 236), release=False)
    # While the hand still moves: the magnifier and the live width.
    assert review.page.is_visible("#loupe")
    assert float(review.text('[data-width="apical"] [data-value]').split()[0]) == pytest.approx(54, abs=2)
    review.page.mouse.up()
    analysis = review.settle(1)
    um = analysis["capillaries"][1]["widths_um"]["apical"]
    assert um == pytest.approx(36 * UM_PER_PX, abs=2 * UM_PER_PX)
    assert review.text('[data-width="apical"] [data-value]') == f"{um:.0f} µm"
    assert review.text('[data-metric="largest_width_um"] [data-value]') == f"{um:.0f}"
    assert review.text('[data-metric="giant"] [data-value]') == "1"
    assert review.text('[data-metric="giant"] [data-machine]') == "was 0"
    assert review.text("#state") == "Edited"
    assert not review.page.is_visible("#loupe")


def test_draw_class_move_delete_undo_and_redo_by_keyboard_and_mouse(review: ReviewPage) -> None:
    review.open()
    page = review.page
    page.keyboard.press("l")
    review.drag((200, 360), (240, 460))
    assert len(review.settle(1)["capillaries"]) == 8
    wait_until(page, "document.querySelector('#finding-name').textContent === 'Capillary 8'")
    page.keyboard.press("2")
    assert review.settle(2)["capillaries"][-1]["morphology"] == "tortuous"
    page.keyboard.press("Control+Shift+ArrowRight")
    assert review.settle(3)["capillaries"][-1]["bbox_px"][0] == pytest.approx(210, abs=2)
    page.keyboard.press("Delete")
    assert len(review.settle(4)["capillaries"]) == 7
    for presses in range(4):
        page.keyboard.press("Control+z")
        review.settle(5 + presses)
    assert review.text("#state") == "Machine's answer"
    page.keyboard.press("Control+y")
    assert len(review.settle(9)["capillaries"]) == 8


def test_a_haemorrhage_is_drawn_and_its_box_dragged(review: ReviewPage) -> None:
    review.open()
    review.page.keyboard.press("h")
    review.drag((400, 100), (440, 130))
    assert review.settle(1)["metrics"]["haemorrhages"] == 2
    wait_until(review.page, "window.__review.board.selectedId === 'p1'")
    review.drag((420, 115), (450, 135))
    x, y, w, h = review.settle(2)["haemorrhages"][-1]["bbox_px"]
    assert (x, y, w, h) == pytest.approx((430, 120, 40, 30), abs=2)


def test_the_table_edits_without_the_canvas(review: ReviewPage) -> None:
    review.open()
    review.page.select_option('[data-cell="m3-shape"]', "ramified")
    assert review.settle(1)["metrics"]["ramified"] == 1
    review.page.uncheck('[data-cell="m3-row"]')
    assert review.settle(2)["metrics"]["capillaries_distal"] == 6
    review.page.click('[data-cell="m4-delete"]')
    assert review.settle(3)["metrics"]["capillaries_total"] == 6


def test_comment_exclusion_and_the_log(review: ReviewPage) -> None:
    review.open()
    page = review.page
    page.click("#tab-note")
    page.fill("#comment", "scar at the left")
    page.click("#comment-save")
    review.settle(1)
    page.fill("#reason", "Hair over the row")
    page.click("#exclude")
    review.settle(2)
    assert review.text("#state") == "Left out"
    page.click("#tab-history")
    page.wait_for_selector('#chain[data-state="good"]')
    assert "Hair over the row" in review.text("#history")
    assert FULL_NAMES[PHYSICIAN] in review.text("#history")
    review.station.journal.tamper(review.station.journal.entries()[-1].seq, actor="mallory")
    page.click("#tab-list")
    page.click("#tab-history")
    page.wait_for_selector('#chain[data-state="bad"]')


def test_the_machines_answer_can_be_looked_at_and_not_changed(review: ReviewPage) -> None:
    review.open()
    page = review.page
    page.click('[data-cell="m1-delete"]')
    review.settle(1)
    page.keyboard.press("i")
    assert page.is_visible("#machine-shown")
    review.drag((140, 260), (200, 300))
    page.keyboard.press("i")
    page.keyboard.press("ArrowRight")
    wait_until(page, f"location.pathname.includes('{review.exam.images[1].image_id}')")
    assert len(review.station.services.reviews.history(review.exam.exam_id)) == 1


def test_somebody_elses_change_is_shown_before_ones_own_is_made(review: ReviewPage) -> None:
    review.open()
    image = review.exam.images[0].image_id
    review.station.services.reviews.edit(review.exam.exam_id, image, DeleteCapillary("m7"), "dana", 0)
    review.page.click('[data-cell="m1-delete"]')
    review.page.wait_for_selector(".toast-problem")
    assert "dana changed this" in review.text(".toast-problem")
    assert review.settle(1)["metrics"]["capillaries_total"] == 6


def test_an_operator_sees_why_nothing_can_be_changed(review: ReviewPage) -> None:
    review.open(OPERATOR)
    assert "physician" in review.text(".notice")
    assert review.page.is_disabled('[data-command="capillary"]')
    review.page.keyboard.press("l")
    review.drag((200, 360), (240, 460))
    review.settle(0)


def test_pictures_are_accepted_one_after_the_other_and_then_validated(review: ReviewPage) -> None:
    review.open()
    page, exam_url = review.page, f"{review.station.url}/exams/{review.exam.exam_id}"
    page.keyboard.press("y")
    wait_until(page, f"location.pathname.includes('{review.exam.images[1].image_id}')")
    wait_until(page, "document.querySelector('#review')?.dataset.ready === 'true'")
    page.goto(exam_url)
    assert "1 of 2 pictures" in page.inner_text("#seen-progress")
    page.click("#validate")
    page.click("#see-next")
    wait_until(page, "document.querySelector('#review')?.dataset.ready === 'true'")
    page.keyboard.press("y")
    wait_until(page, "location.hash === '#validation-title'")
    page.click("#validate")
    wait_until(page, "Boolean(document.querySelector('#invalidate'))")
    assert FULL_NAMES[PHYSICIAN] in page.inner_text("#validation")
    assert review.station.services.reviews.reviewed(review.exam.exam_id).unseen == ()


def test_class_against_the_measurement_is_asked_about_once_and_marked(review: ReviewPage) -> None:
    review.open()
    page = review.page
    page.click('[data-cell="m1-name"]')
    page.keyboard.press("4")
    page.wait_for_selector("#against[open]")
    assert "18 µm" in page.inner_text("#against")
    page.keyboard.press("Enter")
    page.wait_for_selector("#against", state="hidden")
    review.settle(0)
    page.keyboard.press("4")
    page.click("#against [data-meant]")
    assert review.settle(1)["capillaries"][0]["morphology"] == "giant"
    assert "≠" in page.inner_text('tr[data-finding="m1"]')
    assert "against the measurement: normal" in review.text("#finding-origin")


def test_giant_that_the_machine_is_not_sure_of_is_confirmed_with_one_click(
    review: ReviewPage, station: PageStation
) -> None:
    review.exam = exam_with_unsure_giant(station.store)
    review.open()
    assert review.text('tr[data-finding="m7"] .number').startswith("?")
    assert not review.page.is_visible("#confirm-giant")
    review.page.click('[data-cell="m7-name"]')
    assert "counts once you confirm it" in review.text("#possible-giant")
    review.page.click("#confirm-giant")
    assert review.settle(1)["capillaries"][6]["morphology"] == "giant"
    assert "?" not in review.text('tr[data-finding="m7"] .number')
    assert not review.page.is_visible("#possible-giant")
