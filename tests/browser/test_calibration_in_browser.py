"""The calibration wizard in a real browser: a micrometer under the scope, both axes, keep; two points by keyboard."""

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from engines.synthetic.micrometer import MicrometerAppearance, render_micrometer
from tests.browser.chromium import wait_until
from tests.browser.conftest import OpenPage
from tests.support.exam_parts import shown_frame
from tests.support.page_station import PageStation

UM_PER_PX = 1.41


def put_under(station: PageStation, angle_deg: float) -> None:
    image = render_micrometer(640, 480, UM_PER_PX, MicrometerAppearance(angle_deg=angle_deg))
    frame = station.next_frame(image)
    analysis = replace(
        shown_frame(frame.seq, frame.captured_monotonic_s).analysis, width_px=640, height_px=480, capillaries=()
    )
    station.show(frame, analysis)


@pytest.fixture
def wizard(open_page: OpenPage, station: PageStation) -> Page:
    page = open_page(path="/calibration/")
    put_under(station, 2.0)
    wait_until(page, "document.querySelector('#empty').hidden")
    return page


def freeze(page: Page, step: str) -> None:
    page.click('[data-command="freeze"]')
    wait_until(page, f"document.querySelector('#calibration').dataset.step === '{step}'")


def test_two_axes_are_measured_and_kept_by_a_person_who_sees_what_was_found(wizard: Page, station: PageStation) -> None:
    wizard.fill("#ring", "200")
    wizard.click("#ring-set")
    wait_until(wizard, "document.querySelector('#ring').value === '200x'")
    freeze(wizard, "second")
    assert "along" in wizard.inner_text("#found").lower()
    put_under(station, 92.0)
    freeze(wizard, "keep")
    wait_until(wizard, "document.querySelector('#scale').textContent.startsWith('1.4')")
    wizard.fill("#target", "1 mm / 100")
    wizard.click("#keep button.primary")
    wait_until(wizard, "document.querySelectorAll('#list li[data-state=active]').length === 1")
    kept = station.calibrations.store.calibrations()[0]
    assert kept.calibration.um_per_px == pytest.approx(UM_PER_PX, rel=0.005)
    assert (kept.setup.magnification, len(kept.evidence)) == ("200x", 2)
    wizard.click("#list button")
    wait_until(wizard, "document.querySelectorAll('#list li[data-state=retired]').length === 1")
    wizard.click("#toasts button")
    wait_until(wizard, "document.querySelectorAll('#list li[data-state=active]').length === 1")


def test_two_points_are_placed_and_nudged_by_keyboard(wizard: Page) -> None:
    freeze(wizard, "second")
    wizard.click('[data-command="points"]')
    before = wizard.inner_text('[data-point="1"] .number')
    wizard.focus('[data-point="1"]')
    wizard.keyboard.press("Enter")
    wizard.keyboard.press("ArrowRight")
    wizard.keyboard.press("Shift+ArrowUp")
    x, y = (float(part) for part in before.split(","))
    after = [float(part) for part in wizard.inner_text('[data-point="1"] .number').split(",")]
    assert after == [x + 0.25, y - 5.0]
    wizard.fill("#distance", str(UM_PER_PX * 320))
    wizard.click('[data-command="measure_points"]')
    wait_until(wizard, "document.querySelector('#scale').textContent.startsWith('1.4')")


def test_a_refusal_is_shown_with_its_remedy_and_leaves_two_points(wizard: Page, station: PageStation) -> None:
    freeze(wizard, "second")
    wizard.click('[data-command="freeze"]')
    wait_until(wizard, "!document.querySelector('#problem').hidden")
    assert "Turn the micrometer" in wizard.inner_text("#problem")
    assert wizard.is_visible('[data-command="points"]')


def test_the_wizard_has_no_serious_accessibility_violation(wizard: Page) -> None:
    freeze(wizard, "second")
    found = Axe().run(wizard).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
