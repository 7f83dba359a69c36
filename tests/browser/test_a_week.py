"""A scripted week: three patients, two physicians, one operator; each mistake undone, nothing false on paper."""

import json
from datetime import date, datetime, timezone

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
MORPHOLOGY = "document.querySelector('tr[data-finding=m1] select')?.value"
ASK = """async ([method, path, body]) => {
    const token = document.querySelector("meta[name=csrf-token]").content;
    const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
    return (await fetch(`/api/v1${path}`, {method, headers, body: JSON.stringify(body)})).status;
}"""


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
        assert exams_of(station, OLGA) == []
        wednesday_olga(operator, station)
    (mara,), (new,), (olga,) = exams_of(station, MARA), exams_of(station, NEW), exams_of(station, OLGA)
    assert station.store.patients.patients().total == 3, "nobody twice"
    klein = open_page(path="/exams/", name=PHYSICIAN)
    thursday_review(klein, station, mara)
    friday_second_thoughts(open_page(path="/exams/", name=ADMINISTRATOR), station, mara, new)
    saturday_mis_keyed(klein, station, olga)
    saturday_too_late(operator, klein, station, olga)
    what_was_sent_is_what_is_printed(klein, station, (mara, new, olga))


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


def wednesday_olga(page: Page, station: PageStation) -> None:
    """An O in the place of a zero is asked about; a whole exam on the wrong hand is taken back picture by picture."""
    page.fill("#pseudonym", OLGA.replace("0102", "O102"))
    page.press("#pseudonym", "Enter")
    page.click(f"#patient-chosen >> text={OLGA} is meant")
    page.wait_for_selector('#patient-chosen[data-kind="known"]')
    assert "Olga Vidal" in page.inner_text("#patient-chosen")
    page.check("[name=protocol][value=free]", force=True)
    page.click("#start-exam:enabled")
    page.wait_for_selector("#exam[data-exam=open]")
    for count, sector in enumerate("BC", 1):
        choose(page, "right", "middle", sector)
        capture(page, count)
    undo(page, 1)
    undo(page, 0)
    choose(page, "left", "middle", "B")
    capture(page, 1)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#exam[data-exam=none]")


def saturday_mis_keyed(page: Page, station: PageStation, exam: Exam) -> None:
    """A giant called normal by one key, and a good picture left out: both are taken back before anybody signs."""
    open_review(page, station, exam)
    page.click('[data-cell="m1-name"]')
    page.keyboard.press("1")
    wait_until(page, f"{MORPHOLOGY} === 'normal'")
    page.keyboard.press("Control+z")
    wait_until(page, f"{MORPHOLOGY} === 'giant'")
    page.click("#tab-note")
    page.fill("#reason", "Hair over the row")
    page.click("#exclude")
    wait_until(page, "document.querySelector('#state').textContent === 'Left out'")
    unread = paper(page, station, exam.exam_id)
    assert "Hair over the row" in unread
    open_review(page, station, exam)
    page.click("#tab-note")
    page.click("#include")
    wait_until(page, "document.querySelector('#state').textContent !== 'Left out'")
    accept_all_and_validate(page, station, exam)
    printed = paper(page, station, exam.exam_id)
    assert "Hair over the row" not in printed
    assert "not validated" not in printed.lower()
    assert "Left hand, middle finger, Sector B" in printed
    assert "Right hand, middle finger, Sector" not in printed
    assert "Olga" not in printed, "a name is on paper only where somebody asks for it"


def saturday_too_late(operator: Page, page: Page, station: PageStation, exam: Exam) -> None:
    """What a physician signed is not changed by an operator, whichever way he tries."""
    before = paper(page, station, exam.exam_id)
    operator.goto(f"{station.url}/exams/{exam.exam_id}")
    at, revision = f"/exams/{exam.exam_id}", station.services.reviews.log(exam.exam_id).revision
    tried = (
        ("PUT", f"{at}/report-facts", {"facts": {"medication": "iloprost", "disorganisation": 3}}),
        ("POST", f"{at}/conclusion", {"revision": revision, "text": "Normal."}),
        ("POST", f"{at}/validate", {"revision": revision, "accepts_unseen": True}),
        ("POST", f"{at}/reopen", {"reason": REASON}),
    )
    assert [operator.evaluate(ASK, list(one)) for one in tried] == [403] * len(tried)
    assert paper(page, station, exam.exam_id) == before


def what_was_sent_is_what_is_printed(page: Page, station: PageStation, exams: tuple[Exam, ...]) -> None:
    """The newest message of each exam is of its patient, of its places, and signed only where paper is."""
    queued = station.store.outbox.due(datetime.now(timezone.utc), limit=1000)
    sent = [json.loads(one.message.payload) for one in queued]
    assert {one["exam_id"] for one in sent} == {exam.exam_id for exam in exams}, "what was discarded was never sent"
    for exam in exams:
        newest = [one for one in sent if one["exam_id"] == exam.exam_id][-1]
        printed = paper(page, station, exam.exam_id)
        kept = station.store.exam(exam.exam_id)
        assert newest["patient_pseudonym"] == kept.patient_pseudonym
        assert [one["image_id"] for one in newest["images"]] == [one.image_id for one in kept.images]
        assert ("validated_at" in newest) == ("not validated" not in printed.lower()), kept.patient_pseudonym
        others = {MARA, OLGA, NEW} - {kept.patient_pseudonym}
        assert not [other for other in others if other in printed or other in json.dumps(newest)]


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
