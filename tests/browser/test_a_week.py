"""A scripted week: three patients, two physicians, one operator; each mistake undone, nothing false on paper."""

from datetime import date

import pytest
from playwright.sync_api import Page

from appliance.domain.exam import Exam, ExamState
from appliance.domain.patient import PatientIdentity
from tests.browser.chromium import start_exam, wait_until
from tests.browser.conftest import Camera, OpenPage
from tests.support.accounts import ADMINISTRATOR, FULL_NAMES, OPERATOR, PHYSICIAN
from tests.support.exam_parts import NOON
from tests.support.page_station import Feed, PageStation

MARA, OLGA, NEW = "NC-0101", "NC-0102", "NC-0103"
REASON = "ring finger forgotten"


def choose(page: Page, hand: str, finger: str, sector: str) -> None:
    page.click(f'[data-hand="{hand}"][data-finger="{finger}"]')
    page.click(f'[data-sector="{sector}"]')
    page.wait_for_selector(f'[data-hand="{hand}"][data-finger="{finger}"][aria-checked="true"]')


def capture(page: Page, thumbnails: int) -> None:
    # Nobody is as fast as this page of tests: the picture of the last capture is never taken twice.
    seq = page.evaluate("window.__nailfold.screen().seq")
    wait_until(page, f"window.__nailfold.screen().seq > {seq}")
    page.keyboard.press("Space")
    wait_until(page, f"document.querySelectorAll('.thumbnail img').length === {thumbnails}")


def undo(page: Page, thumbnails: int) -> None:
    page.keyboard.press("Control+z")
    wait_until(page, f"document.querySelectorAll('.thumbnail img').length === {thumbnails}")


def finish_all_the_same(page: Page) -> None:
    page.keyboard.press("Control+Enter")
    page.click("#finish-check [data-finish]")
    page.wait_for_selector("#exam[data-exam=none]")


def exams_of(station: PageStation, pseudonym: str) -> list[Exam]:
    found = [station.store.exam(one.exam_id) for one in station.store.exams()]
    return [one for one in found if one.patient_pseudonym == pseudonym and one.state is not ExamState.DISCARDED]


def paper(page: Page, station: PageStation, exam_id: str) -> str:
    """The report's text, annex included."""
    page.goto(f"{station.url}/exams/{exam_id}/report/document.html")
    return " ".join(page.inner_text("body").split())


def open_review(page: Page, station: PageStation, exam: Exam, number: int = 0) -> None:
    page.goto(f"{station.url}/exams/{exam.exam_id}/images/{exam.images[number].image_id}/review")
    wait_until(page, "document.querySelector('#review')?.dataset.ready === 'true'")


def accept_all_and_validate(page: Page, station: PageStation, exam: Exam) -> None:
    for number, image in enumerate(exam.images):
        open_review(page, station, exam, number)
        page.keyboard.press("y")
        wait_until(page, f"!location.pathname.includes('{image.image_id}')")
    page.goto(f"{station.url}/exams/{exam.exam_id}")
    page.click("#validate")
    wait_until(page, "Boolean(document.querySelector('#invalidate'))")


@pytest.fixture
def operator(open_page: OpenPage, station: PageStation, camera: Camera) -> Page:
    station.store.patients.add_patient(MARA, NOON, PatientIdentity("Mara Vidal", date(1968, 3, 9)))
    station.store.patients.add_patient(OLGA, NOON, PatientIdentity("Olga Vidal", date(1971, 5, 2)))
    camera.show()
    return open_page(name=OPERATOR)


def test_a_week_with_its_mistakes_leaves_nothing_false_on_paper(
    operator: Page, open_page: OpenPage, station: PageStation, camera: Camera
) -> None:
    with Feed(lambda: camera.show() and None, fps=8):
        wait_until(operator, "window.__nailfold.screen().isOverlayShown")
        monday_mara(operator, station)
        tuesday_new_patient(operator)
        wednesday_reopened(open_page, station)
    (mara,), (new,) = exams_of(station, MARA), exams_of(station, NEW)
    assert exams_of(station, OLGA) == []
    klein = open_page(path="/exams/", name=PHYSICIAN)
    thursday_review(klein, station, mara)
    friday_second_thoughts(open_page(path="/exams/", name=ADMINISTRATOR), station, mara, new)


def monday_mara(page: Page, station: PageStation) -> None:
    """Wrong patient, wrong finger, a mistyped key and an early finish."""
    start_exam(page, OLGA, "16")
    capture(page, 1)
    page.click('[data-command="discard"]')
    page.wait_for_selector("#exam[data-exam=none]", timeout=15_000)
    start_exam(page, MARA, "16")
    choose(page, "left", "ring", "B")
    capture(page, 1)
    undo(page, 0)
    choose(page, "right", "ring", "B")
    capture(page, 1)
    page.keyboard.press("d")
    wait_until(page, "document.querySelector('#capture-target').textContent.endsWith('D')")
    capture(page, 2)
    undo(page, 1)
    choose(page, "right", "ring", "C")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#finish-check[open]")
    assert "1 of 16" in page.inner_text("#finish-check")
    page.click("#finish-check [data-go-on]")
    assert station.session.snapshot().exam is not None
    capture(page, 2)
    finish_all_the_same(page)


def tuesday_new_patient(page: Page) -> None:
    """Finished too early, all the same."""
    start_exam(page, NEW, "16")
    choose(page, "left", "index", "B")
    capture(page, 1)
    finish_all_the_same(page)


def wednesday_reopened(open_page: OpenPage, station: PageStation) -> None:
    """A physician adds what was forgotten."""
    (exam,) = exams_of(station, NEW)
    page = open_page(path=f"/exams/{exam.exam_id}", name=PHYSICIAN)
    page.click("#reopen summary")
    page.fill("#reopen-reason", REASON)
    page.press("#reopen-reason", "Enter")
    page.wait_for_selector("#exam[data-exam=open]")
    wait_until(page, "window.__nailfold.screen().isOverlayShown")
    choose(page, "left", "ring", "B")
    capture(page, 2)
    finish_all_the_same(page)
    page.close()


def thursday_review(page: Page, station: PageStation, exam: Exam) -> None:
    """A loop deleted by mistake comes back; the wrong conclusion is not the one that is printed."""
    open_review(page, station, exam)
    page.click('[data-cell="m1-name"]')
    page.keyboard.press("Delete")
    wait_until(page, "document.querySelector('tr[data-finding=m1]') === null")
    page.keyboard.press("Control+z")
    wait_until(page, "document.querySelector('tr[data-finding=m1]') !== null")
    page.goto(f"{station.url}/exams/{exam.exam_id}")
    page.fill("#conclusion", "Late scleroderma pattern.")
    page.click("#conclude")
    wait_until(page, "document.querySelector('#conclude')?.disabled === true")
    page.fill("#conclusion", "")
    page.click("#suggestions summary")
    page.click("#suggestions [data-take-over] >> nth=0")
    assert page.is_visible("#suggested")
    page.locator("#conclusion").evaluate("field => { field.value += ' Read by P. K.'; }")
    page.click("#conclude")
    wait_until(page, "document.querySelector('#conclude')?.disabled === true")
    accept_all_and_validate(page, station, exam)
    printed = paper(page, station, exam.exam_id)
    assert "Late scleroderma pattern" not in printed
    assert "Read by P. K." in printed
    assert FULL_NAMES[PHYSICIAN] in printed
    assert_is_maras(printed)
    assert printed.count("as measured") == 2, "the deleted loop came back"


def friday_second_thoughts(page: Page, station: PageStation, mara: Exam, new: Exam) -> None:
    """Another physician's change takes the first one's name off until somebody answers for it again."""
    page.goto(f"{station.url}/exams/{mara.exam_id}")
    page.fill("#conclusion", "Control in a year.")
    page.click("#conclude")
    wait_until(page, "document.querySelector('#validate') !== null")
    unsigned = paper(page, station, mara.exam_id)
    assert FULL_NAMES[PHYSICIAN] not in unsigned
    assert "not validated" in unsigned.lower()
    accept_all_and_validate(page, station, mara)
    signed = paper(page, station, mara.exam_id)
    assert FULL_NAMES[ADMINISTRATOR] in signed
    assert "Control in a year." in signed
    assert "Read by P. K." not in signed
    assert_is_maras(signed)
    other = paper(page, station, new.exam_id)
    assert MARA not in other
    assert "Left hand, ring finger, Sector B" in other
    assert "Right hand, ring finger, Sector" not in other
    assert "not validated" in other.lower()
    assert "Control in a year." not in other


def assert_is_maras(printed: str) -> None:
    """Her own pseudonym and the two places that were kept; no other patient, no place that was taken back."""
    assert MARA in printed
    assert OLGA not in printed
    assert NEW not in printed
    assert "Right hand, ring finger, Sector B" in printed
    assert "Right hand, ring finger, Sector C" in printed
    assert "Sector D" not in printed
    assert "Left hand, ring finger, Sector" not in printed
    assert FULL_NAMES[OPERATOR] in printed
