"""Reports, their settings, and a patient's course, as a physician and an administrator use them."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from appliance.domain.pattern import NailfoldPattern
from tests.browser.chromium import wait_until
from tests.browser.conftest import OpenPage
from tests.support.accounts import PHYSICIAN
from tests.support.course_exams import keep_course, patient_id_of
from tests.support.page_station import PageStation
from tests.support.report_exams import ADVICE

LOADED = "document.querySelector('#report-sheet').getAttribute('aria-busy') === 'false'"
SHEET = "document.querySelector('#report-sheet').shadowRoot.textContent"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[PageStation]:
    with PageStation(report_folder=tmp_path / "report", pattern_advice=lambda _: ADVICE) as running:
        yield running


@pytest.fixture
def exams(station: PageStation) -> list[str]:
    return keep_course(station)


def readout(page: Page, number: int = 0) -> str:
    return page.locator(".trend-readout").nth(number).inner_text()


def test_the_course_is_read_by_keyboard_and_by_pointer(
    open_page: OpenPage, station: PageStation, exams: list[str]
) -> None:
    page = open_page(path=f"/patients/{patient_id_of(station)}", name=PHYSICIAN)
    page.wait_for_selector("#trends[data-drawn=true]")
    assert "4.0 ± " in readout(page)
    assert "\u22123.0 since 22 Nov 2025: significant" in readout(page)
    page.focus(".trend-plot >> nth=0")
    page.keyboard.press("Home")
    assert "9.0 ± " in readout(page)
    assert "14.0" in readout(page, 1), "the four plots show the same exam"
    page.keyboard.press("ArrowRight")
    assert "8.0 ± " in readout(page)
    assert page.get_attribute(".trend-readout >> nth=0", "aria-live") == "polite"
    page.hover(".trend-plot >> nth=2", position={"x": 8, "y": 100})
    box = page.locator(".trend-plot >> nth=2").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 40, box["y"] + 100)
    assert "2.0 not validated" in " ".join(readout(page, 2).split())
    page.focus(".trend-plot >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/exams/{exams[-1]}")


def test_the_course_of_one_finger_says_where_an_exam_lacks_it_and_the_table_has_the_same(
    open_page: OpenPage, station: PageStation, exams: list[str]
) -> None:
    page = open_page(390, 844, path=f"/patients/{patient_id_of(station)}")
    page.wait_for_selector("#trends[data-drawn=true]")
    page.select_option("#trend-group", label="Left hand, Index")
    assert "±" not in readout(page)
    page.focus(".trend-plot >> nth=0")
    page.keyboard.press("ArrowLeft")
    said = readout(page)
    page.click("#trends summary")
    rows = page.locator("#trend-table tbody tr")
    assert rows.count() == len(exams)
    value = rows.nth(1).locator("td").nth(0).inner_text().split("\n")[0]
    assert value.startswith("7 ± ")
    assert value in said
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_one_exam_is_no_course_yet(open_page: OpenPage, station: PageStation) -> None:
    keep_course(station, exams=1)
    page = open_page(path=f"/patients/{patient_id_of(station)}")
    page.wait_for_selector("text=with the second finished exam")
    assert page.query_selector(".trend-plot") is None


def test_a_report_is_read_in_another_language_and_taken_as_pdf(
    open_page: OpenPage, station: PageStation, exams: list[str], tmp_path: Path
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "form.toml").write_text("pages = []\n")
    station.services.reviews.name_pattern(exams[-1], NailfoldPattern.LATE, PHYSICIAN, 0)
    page = open_page(path=f"/exams/{exams[-1]}/report", name=PHYSICIAN)
    wait_until(page, LOADED)
    assert "Pattern according to the physician" in page.evaluate(SHEET)
    assert "active 80 %" in page.evaluate(SHEET)
    if not page.is_visible("#fact-room_temperature_c"):
        page.click("#report-facts summary")
    page.fill("#fact-room_temperature_c", "22.5")
    page.press("#fact-room_temperature_c", "Enter")
    page.wait_for_selector(".toast")
    wait_until(page, f"{SHEET}.includes('22.5 °C')")
    page.select_option("#report-language", "de")
    wait_until(page, f"{SHEET}.includes('Muster nach ärztlicher Beurteilung')")
    with page.expect_download(timeout=90_000) as download:
        page.click("#report-pdf")
    download.value.save_as(tmp_path / "report.pdf")
    page.click("#report-progress a")
    page.wait_for_selector('.job[data-state="done"]')
    document = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    assert "Raumtemperatur" in document[0].get_textpage().get_text_bounded()
    document.close()


def test_settings_lead_to_the_report_and_switch_the_advice_off(
    open_page: OpenPage, station: PageStation, exams: list[str]
) -> None:
    page = open_page(path="/exams/")
    page.click(".top-actions [aria-label=Settings]")
    page.click(".settings-place >> text=Report")
    page.uncheck("[name=pattern_advice]")
    page.fill("#form-institution", "Clinic of the North")
    page.press("#form-institution", "Enter")
    page.wait_for_selector(".toast")
    page.goto(f"{station.url}/exams/{exams[-1]}/report")
    wait_until(page, LOADED)
    assert "Clinic of the North" in page.evaluate(SHEET)
    assert "classifier" not in page.evaluate(SHEET)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_these_pages_have_no_serious_accessibility_violation(
    open_page: OpenPage, station: PageStation, exams: list[str], theme: str
) -> None:
    page = open_page(path="/exams/")
    page.context.add_cookies([{"name": "nailfold_theme", "value": theme, "url": station.url}])
    found: dict[str, object] = {}
    ready = {
        f"/patients/{patient_id_of(station)}": "document.querySelector('#trends').dataset.drawn === 'true'",
        f"/exams/{exams[-1]}/report": LOADED,
        "/settings/report": "true",
        "/settings": "true",
    }
    for path, is_ready in ready.items():
        page.goto(station.url + path)
        wait_until(page, is_ready)
        page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        serious = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        found |= {f"{path}: {one['id']}": [node["html"][:160] for node in one["nodes"]] for one in serious}
    assert found == {}
