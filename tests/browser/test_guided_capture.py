"""Guided capture in a real browser: protocols, reasons, freezing, automatic capture, panorama and clip, by keyboard."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page

from appliance.domain.exam import ImageKind
from appliance.domain.quality import QualityReason
from appliance.exam.settings import ExamSettings
from engines.synthetic.render import render
from tests.browser.chromium import start_exam, wait_until
from tests.browser.conftest import OpenPage
from tests.support.exam_parts import shown_frame
from tests.support.page_station import Feed, PageStation

SETTINGS = ExamSettings(clip_before_s=0.6, clip_after_s=0.6)


@pytest.fixture
def station() -> Iterator[PageStation]:
    with PageStation(exam=SETTINGS) as running:
        yield running


class Scope:
    """Shows parts of a rendered nailfold, as a scope that is moved over it."""

    def __init__(self, station: PageStation) -> None:
        self._station = station
        self._strips = [render(seed, difficulty=0.2).image_rgb for seed in (1, 5)]
        self.left, self.place, self.motion_px = 0, 0, 0.2
        self.hints: tuple[QualityReason, ...] = ()
        self.reasons: tuple[QualityReason, ...] = ()

    def show(self) -> None:
        image = np.ascontiguousarray(self._strips[self.place][80:400, self.left : self.left + 400])
        frame = self._station.next_frame(image)
        template = shown_frame(frame.seq, frame.captured_monotonic_s).analysis
        quality = replace(
            template.quality,
            motion_px=self.motion_px,
            hints=self.hints,
            reasons=self.reasons,
            is_evaluable=not self.reasons,
        )
        analysis = replace(template, quality=quality, width_px=400, height_px=320, um_per_px=None, calibration_id=None)
        self._station.show(frame, analysis)


@pytest.fixture
def scope(station: PageStation) -> Iterator[Scope]:
    showing = Scope(station)
    with Feed(showing.show, fps=10):
        yield showing


@pytest.fixture
def page(open_page: OpenPage, scope: Scope) -> Page:
    """A live page with a picture; no exam is open."""
    found = open_page()
    wait_until(found, "window.__nailfold.screen().isOverlayShown")
    return found


def start(page: Page, protocol: str) -> None:
    start_exam(page, "NC-0042", protocol)


def kinds(station: PageStation) -> list[ImageKind]:
    exam = station.session.snapshot().exam
    return [] if exam is None else [image.kind for image in exam.images]


def test_eight_fingers_by_four_sectors_without_the_mouse(page: Page, station: PageStation) -> None:
    start(page, "32")
    for done in range(1, 33):
        page.keyboard.press("PageDown" if done % 2 else "Space")
        wait_until(page, f"document.querySelector('#exam-count').textContent === '{done} of 32 done'")
        page.wait_for_timeout(110)
    exam = station.session.snapshot().exam
    assert exam is not None
    assert len({image.placement for image in exam.images}) == 32
    assert exam.protocol == "32"
    assert exam.operator != ""
    assert page.locator("[data-command=finish][data-complete]").count() == 1
    assert page.locator("#hands .hm-cell[data-state=done]").count() == 32
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#exam[data-exam=none]")


def test_reason_is_given_by_one_key_and_taken_back_by_another(page: Page, station: PageStation) -> None:
    start(page, "32")
    page.keyboard.press("n")
    page.wait_for_selector("#skip[open]")
    page.keyboard.press("2")
    wait_until(page, "document.querySelector('#capture-target').textContent === 'Left hand, index, B'")
    page.keyboard.press("n")
    page.keyboard.press("0")
    page.keyboard.press("1")
    wait_until(page, "document.querySelector('#capture-target').textContent === 'Left hand, middle, A'")
    exam = station.session.snapshot().exam
    assert exam is not None
    assert [one.reason for one in exam.skipped] == ["Injured finger", "Bandage", "Bandage", "Bandage"]
    assert page.locator("#hands .hm-cell[data-state=not_evaluable]").count() == 4
    page.keyboard.press("PageUp")
    wait_until(page, "document.querySelectorAll('#hands .hm-cell[data-state=not_evaluable]').length === 1")


def test_reason_in_ones_own_words_and_escape_keeps_none(page: Page, station: PageStation) -> None:
    start(page, "16")
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.wait_for_selector("#skip", state="hidden")
    page.keyboard.press("n")
    page.fill("#skip-other", "gel nails")
    page.press("#skip-other", "Enter")
    wait_until(page, "document.querySelectorAll('#hands .hm-cell[data-state=not_evaluable]').length === 1")
    exam = station.session.snapshot().exam
    assert exam is not None
    assert [one.reason for one in exam.skipped] == ["gel nails"]


def test_capture_of_a_frozen_picture_keeps_exactly_that_picture(page: Page, station: PageStation, scope: Scope) -> None:
    start(page, "free")
    page.keyboard.press("f")
    page.wait_for_selector("#frozen:visible")
    seq = page.evaluate("window.__nailfold.screen().seq")
    wait_until(page, "true")
    page.wait_for_timeout(4000)
    assert page.evaluate("window.__nailfold.screen().seq") == seq
    held = station.history.find(seq)
    assert held is not None, "the station has forgotten the frozen picture"
    page.keyboard.press("Space")
    page.wait_for_selector("#frozen", state="hidden")
    exam = station.session.snapshot().exam
    assert exam is not None
    assert exam.images[0].captured_at_utc == held.frame.captured_at_utc


def test_replace_takes_the_place_of_what_was_there(page: Page, station: PageStation) -> None:
    start(page, "free")
    page.keyboard.press("Space")
    wait_until(page, "document.querySelectorAll('.thumbnail').length === 1")
    page.keyboard.press("a")
    wait_until(page, "!document.querySelector('[data-command=retake]').disabled")
    page.wait_for_timeout(150)
    page.keyboard.press("x")
    page.wait_for_selector(".toast >> text=Replaced")
    assert len(kinds(station)) == 1
    page.keyboard.press("a")
    page.wait_for_timeout(150)
    page.keyboard.press("Space")
    wait_until(page, "document.querySelector('[data-sector=A] sup').textContent === ''")
    page.keyboard.press("a")
    wait_until(page, "document.querySelector('[data-sector=A] sup').textContent === '2'")


def test_automatic_capture_keeps_each_place_once(page: Page, station: PageStation, scope: Scope) -> None:
    start(page, "32")
    page.keyboard.press("t")
    page.wait_for_selector("#auto[data-phase=kept]")
    page.wait_for_timeout(1500)
    assert len(kinds(station)) == 1
    scope.place, scope.motion_px = 1, 90.0
    page.wait_for_timeout(500)
    assert len(kinds(station)) == 1
    scope.motion_px = 0.2
    wait_until(page, "document.querySelectorAll('.thumbnail').length === 2")
    assert "Captured" in page.inner_text("#toasts")
    page.keyboard.press("t")
    page.wait_for_selector("#auto", state="hidden")


def test_sweep_becomes_a_panorama_and_a_clip_is_kept(page: Page, station: PageStation, scope: Scope) -> None:
    start(page, "free")
    page.keyboard.press("p")
    page.wait_for_selector("#recording[data-phase=sweeping]")
    for left in range(0, 230, 10):
        scope.left = left
        page.wait_for_timeout(130)
    page.keyboard.press("p")
    page.wait_for_selector(".kind-tag >> text=Panorama")
    page.keyboard.press("v")
    page.wait_for_selector("#recording[data-phase=recording]")
    page.wait_for_selector(".kind-tag >> text=Clip")
    assert kinds(station) == [ImageKind.PANORAMA, ImageKind.CLIP]
    page.wait_for_selector("#recording", state="hidden")


def test_sweep_without_movement_says_why_there_is_no_panorama(page: Page, station: PageStation) -> None:
    start(page, "free")
    page.keyboard.press("p")
    page.wait_for_selector("#recording[data-phase=sweeping]")
    page.wait_for_timeout(500)
    page.keyboard.press("p")
    page.wait_for_selector(".toast-problem >> text=hardly moved")
    page.keyboard.press("p")
    page.wait_for_selector("#recording[data-phase=sweeping]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#recording", state="hidden")
    assert kinds(station) == []


def test_one_hint_at_a_time_with_what_to_do(page: Page, scope: Scope) -> None:
    wait_until(page, "document.querySelector('#quality').dataset.state === 'good'")
    scope.reasons = (QualityReason.BLANCHED, QualityReason.GLARE)
    wait_until(page, "document.querySelector('#quality').dataset.state === 'bad'")
    assert page.inner_text("#quality").replace("\n", " ") == "Pressed pale Lift the scope a little"
    assert page.get_attribute("#quality use", "href") == "#q-blanched"
    scope.reasons, scope.hints = (), (QualityReason.ROW_TILTED,)
    wait_until(page, "document.querySelector('#quality').dataset.state === 'hint'")
    assert "Row tilted" in page.inner_text("#quality")


def test_clip_plays_on_the_exams_page_picture_by_picture(page: Page, station: PageStation) -> None:
    start(page, "free")
    page.keyboard.press("Space")
    wait_until(page, "document.querySelectorAll('.thumbnail').length === 1")
    page.keyboard.press("v")
    page.wait_for_selector(".kind-tag >> text=Clip")
    exam = station.session.finish("ana")
    page.goto(f"{station.url}/exams/{exam.exam_id}")
    page.click(".clip [data-step='1']")
    page.wait_for_selector(".clip[data-at='1']")
    page.click(".clip [data-play]")
    last = "document.querySelector('.clip [data-position]').max"
    wait_until(page, f"Number({last}) > 5 && document.querySelector('.clip').dataset.at === {last}")
    assert page.evaluate("document.querySelector('.clip-canvas').width") == 400


def test_early_finish_lists_what_is_missing_and_leads_there(page: Page, station: PageStation) -> None:
    start(page, "16")
    page.keyboard.press("Space")
    wait_until(page, "document.querySelectorAll('.thumbnail').length === 1")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#finish-check[open]")
    assert "1 of 16 places" in page.inner_text("#finish-check")
    assert page.locator(".finish-row").all_inner_texts()[0].split("\n") == ["Left hand, index", "C"]
    page.keyboard.press("Enter")
    page.wait_for_selector("#finish-check", state="hidden")
    assert station.session.snapshot().exam is not None
    page.keyboard.press("Control+Enter")
    page.click('.finish-row[data-hand="right"][data-finger="ring"]')
    wait_until(page, "document.querySelector('#capture-target').textContent === 'Right hand, ring, B'")
    page.keyboard.press("Control+Enter")
    page.click("#finish-check [data-finish]")
    page.wait_for_selector("#exam[data-exam=none]")
    assert station.session.snapshot().exam is None


def test_a_key_pressed_in_a_dialog_does_nothing_behind_it(page: Page, station: PageStation) -> None:
    start(page, "32")
    page.keyboard.press("n")
    page.wait_for_selector("#skip[open]")
    before = page.evaluate("window.__nailfold.screen()")
    # Also where nothing in the dialog has the focus: after a click beside its fields.
    page.evaluate("document.activeElement.blur()")
    for key in ("Space", "o", "f", "d", "ArrowRight", "t", "Control+z", "Control+Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    after = page.evaluate("window.__nailfold.screen()")
    assert (after["layers"], after["isFrozen"]) == (before["layers"], False)
    snapshot = station.session.snapshot()
    assert snapshot.exam is not None
    assert (snapshot.exam.images, snapshot.placement) == ((), snapshot.protocol.first)
    assert page.is_visible("#skip[open]")
