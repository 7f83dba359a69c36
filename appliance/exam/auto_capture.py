"""Keeps the best picture of each sector by itself, once the view was good and still for a moment."""

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from appliance.analysis.registration import Pose, RegistrationView, register, registration_view
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.detection import Row
from appliance.domain.errors import ApplianceError
from appliance.exam.best_frame import best_of
from appliance.exam.frame_history import FrameHistory
from appliance.exam.session import ExamSession
from appliance.exam.settings import ExamSettings

_log = logging.getLogger(__name__)
_THERE = Pose(0.0, 0.0, 0.0)
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


@dataclass(eq=False)
class _Watch:
    """From one switching on to the next; changed by automatic capture's own thread alone.

    Attributes:
        kept: the view that was kept last, and `from_kept` where the scope stood then.
        moved_on_s: until when the scope stood there.
        images: of the exam, by id, as they were then.
    """

    images: tuple[str, ...]
    kept: RegistrationView | None = None
    from_kept: Pose = _THERE
    moved_on_s: float = 0.0


class AutoCapture:
    """Watches what the engine saw. `notice` is quick; pictures are judged and kept on a thread of its own.

    A place that was kept, by itself or by hand, is not kept again before the scope has moved away: without that the
    same view would be filed under the next sector.
    """

    def __init__(self, session: ExamSession, history: FrameHistory, settings: ExamSettings) -> None:
        self._session = session
        self._history = history
        self._settings = settings
        self._lock = threading.Lock()
        # Both change together, under the lock; None while it is off.
        self._watch: _Watch | None = None
        self._state = AutoState()
        self._is_stopping = threading.Event()
        self._something_new = threading.Event()
        self._thread = threading.Thread(target=self._run, name="auto-capture", daemon=True)

    @property
    def state(self) -> AutoState:
        """A snapshot; safe from any thread."""
        return self._state

    def switch(self, is_on: bool) -> None:
        """On or off; once it is off nothing more is kept. It stays off after a fault until it is switched on again."""
        images = self._images_of_exam()
        with self._lock:
            if not is_on:
                self._watch, self._state = None, AutoState()
                return
            self._watch = self._watch or _Watch(images)
            self._state = AutoState(AutoPhase.LOOKING)

    def start(self) -> None:
        """Begin; it is started once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; harmless before `start`."""
        self._is_stopping.set()
        self._something_new.set()
        if self._thread.ident is not None:
            self._thread.join()

    def notice(self) -> None:
        """The history has a newer picture."""
        if self._watch is not None:
            self._something_new.set()

    def look(self) -> None:
        """Judge the newest picture, and keep the best one if it is time; the thread's step, and a test's."""
        if (watch := self._watch) is not None:
            self._look(watch)

    def _look(self, watch: _Watch) -> None:
        shown = self._history.recent(self._settings.history_s)
        if not shown or self._session.snapshot().exam is None:
            self._show(watch, AutoState(AutoPhase.LOOKING))
            return
        newest = shown[-1]
        self._forget_what_others_did(watch, newest)
        if self._is_same_place(watch, newest):
            self._show(watch, AutoState(AutoPhase.KEPT, 1.0))
            watch.moved_on_s = newest.frame.captured_monotonic_s
            return
        run = self._steady_run(watch, shown)
        steady_s = newest.frame.captured_monotonic_s - run[0].frame.captured_monotonic_s if run else 0.0
        progress = min(1.0, steady_s / self._settings.auto_still_s)
        self._show(watch, AutoState(AutoPhase.HOLDING if run else AutoPhase.LOOKING, progress))
        if progress >= 1.0 and self._keep(watch, best_of(run)):
            watch.images = self._images_of_exam()
            self._remember(watch, newest)

    def _keep(self, watch: _Watch, best: AnalysedFrame) -> bool:
        """False if it was switched off meanwhile; a caller who switches it off now waits until the picture is kept."""
        with self._lock:
            if self._watch is not watch:
                return False
            self._session.capture_shown(best)
            return True

    def _remember(self, watch: _Watch, shown: AnalysedFrame) -> None:
        watch.kept, watch.from_kept = registration_view(shown.frame.image_rgb), _THERE
        watch.moved_on_s = shown.frame.captured_monotonic_s
        self._show(watch, AutoState(AutoPhase.KEPT, 1.0))

    def _show(self, watch: _Watch, state: AutoState) -> None:
        """What was found by a look that began before it was switched off is no longer shown."""
        with self._lock:
            if self._watch is watch:
                self._state = state

    def _switch_off(self, watch: _Watch, problem: str) -> None:
        with self._lock:
            if self._watch is watch:
                self._watch, self._state = None, AutoState(problem=problem)

    def _forget_what_others_did(self, watch: _Watch, newest: AnalysedFrame) -> None:
        """A capture by hand, or one that was taken back, was of this view: it counts as kept."""
        images = self._images_of_exam()
        if images != watch.images:
            watch.images = images
            self._remember(watch, newest)

    def _is_same_place(self, watch: _Watch, shown: AnalysedFrame) -> bool:
        if watch.kept is None or watch.kept.image_rgb.shape != shown.frame.image_rgb.shape:
            return False
        found = register(watch.kept, registration_view(shown.frame.image_rgb), watch.from_kept)
        if found is None:
            return False
        watch.from_kept = found.pose
        moved_px = math.hypot(found.pose.x, found.pose.y)
        return moved_px < self._settings.auto_moved_of_width * shown.frame.width_px

    def _steady_run(self, watch: _Watch, shown: Sequence[AnalysedFrame]) -> list[AnalysedFrame]:
        """The good and still pictures up to now, oldest first; empty if the newest is none."""
        times = [one.frame.captured_monotonic_s for one in shown]
        # Between two pictures of a slow engine more time passes than a flicker may last.
        pause_s = (times[-1] - times[0]) / max(1, len(times) - 1)
        run: list[AnalysedFrame] = []
        for at in range(len(shown) - 1, -1, -1):
            is_before_the_move = watch.kept is not None and times[at] <= watch.moved_on_s
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
        while not self._is_stopping.is_set():
            self._something_new.wait()
            self._something_new.clear()
            if (watch := self._watch) is not None and not self._is_stopping.is_set():
                self._guarded_look(watch)

    def _guarded_look(self, watch: _Watch) -> None:
        try:
            self._look(watch)
        except ApplianceError as error:
            self._switch_off(watch, str(error))
        except Exception:  # the exam goes on by hand
            _log.exception("automatic capture failed")
            self._switch_off(watch, "Automatic capture failed. Capture by hand.")
