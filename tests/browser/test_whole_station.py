"""The device as it is started by `nailfold run`, watched in a real browser: shipped networks, simulated scope."""

from pathlib import Path

from playwright.sync_api import Browser

from appliance.apps.workbench.bench.first_login import set_up_in_browser
from appliance.apps.workbench.bench.station_process import StationProcess
from tests.browser.chromium import start_exam, wait_until


def test_capillaries_are_outlined_measured_and_captured(browser: Browser, tmp_path: Path) -> None:
    with StationProcess(["--port", "0", "--data-dir", str(tmp_path)]) as station:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        set_up_in_browser(page, station.url, station.access_code)
        wait_until(page, "window.__nailfold?.screen().isOverlayShown", timeout_s=40)
        wait_until(page, "window.__nailfold.screen().labelsPlaced > 0", timeout_s=40)
        wait_until(page, "document.querySelector('#quality').dataset.state === 'good'", timeout_s=40)
        assert page.text_content('[data-chip="calibration"] [data-value]') == "1.410 \u00b5m/px"
        start_exam(page, "NC-0042", "free")
        page.keyboard.press("Space")
        wait_until(page, "document.querySelector('.thumbnail img')?.naturalWidth > 0")
        page.keyboard.press("Control+Enter")
        page.click(".toast >> text=Open the exam")
        page.wait_for_selector(".still-canvas[data-drawn=true]")
        density = page.inner_text('[data-figure="density_per_mm"] .figure-value')
        assert float(density) > 0, "no capillary was found in the captured picture"
        page.context.close()
