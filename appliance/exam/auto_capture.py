"""Keeps the best picture of each sector by itself, once the view was good and still for a moment."""

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from appliance.analysis.registration import Pose, RegistrationView, register, view_of
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.detection import Row
from appliance.domain.errors import ApplianceError
from appliance.exam.best_frame import best_of
from appliance.exam.frame_history import FrameHistory
from appliance.exam.session import ExamSession
from appliance.exam.settings import ExamSettings

_log = logging.getLogger(__name__)
LONGEST_FLICKER_S = 0.15
"""A single picture that quality control refuses among good ones does not begin the wait anew."""


class AutoPhase(Enum):
    """OFF; LOOKING for a good and still picture; HOLDING one; KEPT, until the scope is moved to another place."""

    OFF = "off"
    LOOKING = "looking"
    HOLDING = "holding"
    KEPT = "kept"


@dataclass(frozen=True)
class AutoState:
    """What the page shows of it.

    Attributes:
        progress: share of the time that the picture has to be good and still, 0 to 1.
        problem: why it switched itself off, in the operator's words; empty while all is well.
    """

    phase: AutoPhase = AutoPhase.OFF
    progress: float = 0.0
    problem: str = ""


class AutoCapture:
    """Watches what the engine saw. `notice` is quick; pictures are judged and kept on a thread of its own.

    A place that was kept, by itself or by hand, is not kept again before the scope has moved away: without that the
    same view would be filed under the next sector.
    """

    def __init__(self, session: ExamSession, history: FrameHistory, settings: ExamSettings) -> None:
        self._session = session
        self._history = history
        self._settings = settings
        self._state = AutoState()
        self._guard = threading.Lock()
        self._is_on = False
        self._is_stopping = False
        self._something_new = threading.Event()
        self._thread = threading.Thread(target=self._run, name="auto-capture", daemon=True)
        self._kept: RegistrationView | None = None
        self._from_kept = Pose(0.0, 0.0, 0.0)
        self._moved_on_s = 0.0
        self._images: tuple[str, ...] = ()

    @property
    def state(self) -> AutoState:
        """A snapshot; safe from any thread."""
        return self._state

    def switch(self, is_on: bool) -> None:
        """On or off; it stays off after a fault until it is switched on again."""
        if is_on and not self._is_on:
            self._kept, self._images = None, self._images_of_exam()
        with self._guard:
            self._is_on = is_on
            self._state = AutoState(AutoPhase.LOOKING if is_on else AutoPhase.OFF)

    def start(self) -> None:
        """Begin; it is started once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; harmless before `start`."""
        self._is_stopping = True
        self._something_new.set()
        if self._thread.ident is not None:
            self._thread.join()

    def notice(self) -> None:
        """The history has a newer picture."""
        if self._is_on:
            self._something_new.set()

    def look(self) -> None:
        """Judge the newest picture, and keep the best one if it is time; the thread's step, and a test's."""
        shown = self._history.recent(self._settings.history_s)
        if not self._is_on or not shown or self._session.snapshot().exam is None:
            self._show(AutoState(AutoPhase.LOOKING))
            return
        newest = shown[-1]
        self._forget_what_others_did(newest)
        if self._is_same_place(newest):
            self._show(AutoState(AutoPhase.KEPT, 1.0))
            self._moved_on_s = newest.frame.captured_monotonic_s
            return
        run = self._steady_run(shown)
        steady_s = newest.frame.captured_monotonic_s - run[0].frame.captured_monotonic_s if run else 0.0
        progress = min(1.0, steady_s / self._settings.auto_still_s)
        self._show(AutoState(AutoPhase.HOLDING if run else AutoPhase.LOOKING, progress))
        if progress >= 1.0:
            self._keep(best_of(run), newest)

    def _keep(self, best: AnalysedFrame, newest: AnalysedFrame) -> None:
        self._session.capture_shown(best)
        self._images = self._images_of_exam()
        self._remember(newest)

    def _remember(self, shown: AnalysedFrame) -> None:
        self._kept, self._from_kept = view_of(shown.frame.image_rgb), Pose(0.0, 0.0, 0.0)
        self._moved_on_s = shown.frame.captured_monotonic_s
        self._show(AutoState(AutoPhase.KEPT, 1.0))

    def _show(self, state: AutoState) -> None:
        """What was found by a look that began before it was switched off is no longer shown."""
        with self._guard:
            if self._is_on:
                self._state = state

    def _switch_off(self, problem: str) -> None:
        with self._guard:
            self._is_on, self._state = False, AutoState(problem=problem)

    def _forget_what_others_did(self, newest: AnalysedFrame) -> None:
        """A capture by hand, or one that was taken back, was of this view: it counts as kept."""
        images = self._images_of_exam()
        if images != self._images:
            self._images = images
            self._remember(newest)

    def _is_same_place(self, shown: AnalysedFrame) -> bool:
        if self._kept is None or self._kept.image_rgb.shape != shown.frame.image_rgb.shape:
            return False
        found = register(self._kept, view_of(shown.frame.image_rgb), self._from_kept)
        if found is None:
            return False
        self._from_kept = found.pose
        moved_px = math.hypot(found.pose.x, found.pose.y)
        return moved_px < self._settings.auto_moved_of_width * shown.frame.width_px

    def _steady_run(self, shown: Sequence[AnalysedFrame]) -> list[AnalysedFrame]:
        """The good and still pictures up to now, oldest first; empty if the newest is none."""
        times = [one.frame.captured_monotonic_s for one in shown]
        # Between two pictures of a slow engine more time passes than a flicker may last.
        pause_s = (times[-1] - times[0]) / max(1, len(times) - 1)
        run: list[AnalysedFrame] = []
        for at in range(len(shown) - 1, -1, -1):
            is_before_the_move = self._kept is not None and times[at] <= self._moved_on_s
            is_gap = bool(run) and run[-1].frame.captured_monotonic_s - times[at] > LONGEST_FLICKER_S + pause_s
            if is_before_the_move or is_gap:
                break
            if self._is_good(shown[at], times[at] - times[at - 1] if at else pause_s):
                run.append(shown[at])
            elif not run:
                break
        return run[::-1]

    def _is_good(self, shown: AnalysedFrame, since_s: float) -> bool:
        analysis = shown.analysis
        limit_px = self._settings.auto_still_widths_per_s * analysis.width_px * max(since_s, 1e-3)
        is_still = (analysis.quality.motion_px or 0.0) <= limit_px
        return analysis.quality.is_evaluable and is_still and any(one.row is Row.DISTAL for one in analysis.capillaries)

    def _images_of_exam(self) -> tuple[str, ...]:
        exam = self._session.snapshot().exam
        return () if exam is None else tuple(image.image_id for image in exam.images)

    def _run(self) -> None:
        while not self._is_stopping:
            self._something_new.wait()
            self._something_new.clear()
            try:
                self.look()
            except ApplianceError as error:
                self._switch_off(str(error))
            except Exception:  # the exam goes on by hand
                _log.exception("automatic capture failed")
                self._switch_off("Automatic capture failed. Capture by hand.")
