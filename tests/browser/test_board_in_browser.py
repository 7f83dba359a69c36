"""The simulated board's page, and what the box's buttons do to the live page, through the firmware's real socket."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.domain.exam import ExamStart
from firmware.protocol import Phase, ProgressCounters, StationStatus
from firmware.service import Firmware
from firmware.settings import FirmwareSettings
from firmware.simulated import simulated_board
from tests.browser.chromium import wait_until
from tests.browser.conftest import Camera, OpenPage
from tests.support.page_station import Feed, PageStation

FPS = 20.0
AT_MOST_BESIDE_S = 0.1
"""Between the press and the moment at which the page showed the picture that was kept (the product's own limit)."""


@pytest.fixture
def firmware(tmp_path: Path) -> Iterator[Firmware]:
    # No press of a slow test is one that is held, which would finish the exam.
    settings = FirmwareSettings(socket=tmp_path / "board.sock", finish_hold_s=600.0)
    running = Firmware(simulated_board(), settings, "nailfold test")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def station(tmp_path: Path, firmware: Firmware) -> Iterator[PageStation]:
    with PageStation(firmware=FirmwareSettings(socket=tmp_path / "board.sock")) as running:
        wait_so(lambda: running.board.state.is_connected)
        yield running


def wait_so(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10.0
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_a_button_held_down_on_the_page_is_held_down_on_the_board(station: PageStation, open_page: OpenPage) -> None:
    page = open_page(path="/board")
    button = page.locator('[data-button="capture"]')
    button.dispatch_event("pointerdown", {"pointerId": 1, "isPrimary": True, "button": 0})
    wait_so(lambda: station.board.state.pressed == ("capture",))
    expect(button).to_have_attribute("aria-pressed", "true")
    button.dispatch_event("pointerup", {"pointerId": 1, "isPrimary": True, "button": 0})
    wait_so(lambda: station.board.state.pressed == ())
    expect(button).to_have_attribute("aria-pressed", "false")


def test_by_keyboard_too_and_leaving_the_button_lets_it_go(station: PageStation, open_page: OpenPage) -> None:
    page = open_page(path="/board")
    page.locator('[data-button="pedal"]').focus()
    page.keyboard.down("Space")
    wait_so(lambda: station.board.state.pressed == ("pedal",))
    page.keyboard.press("Tab")
    wait_so(lambda: station.board.state.pressed == ())


def test_lamp_and_light_follow(station: PageStation, open_page: OpenPage) -> None:
    page = open_page(path="/board")
    station.board.tell(StationStatus(phase=Phase.EXAM, progress=ProgressCounters(frames=1, store=1, web=1)))
    expect(page.locator("#board-led")).to_have_attribute("data-lamp", "exam")
    page.locator("#board-light").fill("40")
    wait_so(lambda: station.board.state.light_level == 0.4)
    expect(page.locator("#board-light-value")).to_have_text("40 %")


def test_without_firmware_the_page_says_so_and_offers_nothing(
    station: PageStation, firmware: Firmware, open_page: OpenPage
) -> None:
    page = open_page(path="/board")
    firmware.stop()
    expect(page.locator("#board-reason")).to_be_visible()
    expect(page.locator('[data-button="capture"]')).to_be_disabled()
    expect(page.locator("#board-light")).to_be_disabled()


def test_the_picture_that_is_kept_is_the_one_that_was_on_the_screen(
    station: PageStation, live_page: Page, camera: Camera
) -> None:
    station.session.start("NC-0042", ExamStart("ana"))
    with Feed(camera.show, FPS):
        wait_until(live_page, "window.__nailfold.painted() > 10")
        pressed_s = time.monotonic()
        station.board.press("capture", True)
        wait_so(lambda: station.board.outcome.presses == 1)
        assert station.board.outcome.problem == ""
        (image,) = station.session.snapshot().exam.images  # type: ignore[union-attr]
        kept = next(one for one in station.history.recent(3.0) if one.frame.captured_at_utc == image.captured_at_utc)
        wait_until(live_page, f"window.__nailfold.frames().at(-1).seq > {kept.frame.seq}")
    painted = live_page.evaluate("window.__nailfold.frames()")
    painted_ago_ms = live_page.evaluate("performance.now()") - next(
        one["paintedAtMs"] for one in painted if one["seq"] == kept.frame.seq
    )
    painted_s = time.monotonic() - painted_ago_ms / 1000
    next_ago_ms = live_page.evaluate("performance.now()") - next(
        one["paintedAtMs"] for one in painted if one["seq"] > kept.frame.seq
    )
    until_s = time.monotonic() - next_ago_ms / 1000
    beside_s = max(painted_s - pressed_s, pressed_s - until_s, 0.0)
    print(f"the picture kept was on the screen {1000 * beside_s:.1f} ms beside the press")
    assert beside_s <= AT_MOST_BESIDE_S


def test_freezing_by_button_stops_the_page_at_that_very_picture_and_capture_keeps_it(
    station: PageStation, live_page: Page, camera: Camera
) -> None:
    station.session.start("NC-0042", ExamStart("ana"))
    with Feed(camera.show, FPS):
        wait_until(live_page, "window.__nailfold.painted() > 10")
        station.board.press("freeze", True)
        wait_so(lambda: station.board.state.pressed == ("freeze",))
        station.board.press("freeze", False)
        wait_until(live_page, "window.__nailfold.screen().isFrozen")
        seq = station.board.outcome.frozen_seq
        assert live_page.evaluate("window.__nailfold.screen().seq") == seq
        expect(live_page.locator("#frozen")).to_be_visible()
        time.sleep(0.5)
        station.board.press("capture", True)
        wait_until(live_page, "!window.__nailfold.screen().isFrozen")
    assert station.board.outcome.problem == ""
    assert seq is not None
    assert len(station.session.snapshot().exam.images) == 1  # type: ignore[union-attr]


def test_freezing_by_button_shows_the_very_picture_to_a_page_that_was_too_slow_to_get_it(
    station: PageStation, live_page: Page, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.session.start("NC-0042", ExamStart("ana"))
    with Feed(camera.show, FPS):
        wait_until(live_page, "window.__nailfold.painted() > 2")
    monkeypatch.setattr(station.hub, "publish", lambda *_: None)
    camera.show()
    station.board.press("freeze", True)
    wait_so(lambda: station.board.state.pressed == ("freeze",))
    station.board.press("freeze", False)
    wait_until(live_page, "window.__nailfold.screen().isFrozen")
    seq = station.board.outcome.frozen_seq
    assert live_page.evaluate("window.__nailfold.screen().seq") == seq
    live_page.locator('[data-command="capture"]').first.click()
    wait_so(lambda: len(station.session.snapshot().exam.images) == 1)  # type: ignore[union-attr]
    (kept,) = station.session.snapshot().exam.images  # type: ignore[union-attr]
    assert seq is not None
    frozen = station.history.find(seq)
    assert frozen is not None
    assert kept.captured_at_utc == frozen.frame.captured_at_utc, "what is kept is what the page shows"


def test_a_press_that_does_nothing_is_explained_on_the_live_page(station: PageStation, live_page: Page) -> None:
    expect(live_page.locator("#exam")).to_have_attribute("data-exam", "none")
    time.sleep(0.5)
    station.board.press("capture", True)
    expect(live_page.locator(".toast-problem")).to_contain_text("no exam is open")
