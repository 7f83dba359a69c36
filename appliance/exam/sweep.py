"""A sweep along the nailfold, from the operator's start to a kept and counted panorama."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from appliance.analysis.panorama import Stitcher
from appliance.analysis.panorama_analysis import AnalysePanorama
from appliance.domain.calibration import Calibration
from appliance.domain.errors import ApplianceError, ExamError
from appliance.domain.exam import Placement
from appliance.domain.frame import Frame
from appliance.exam.frame_worker import FrameWorker
from appliance.exam.session import ExamSession
from appliance.exam.settings import ExamSettings

_log = logging.getLogger(__name__)

LONGEST_SILENCE_S = 3.0
"""Without frames for so long a sweep is given up: the camera was unplugged."""


class SweepPhase(Enum):
    IDLE = "idle"
    SWEEPING = "sweeping"
    STITCHING = "stitching"


@dataclass(frozen=True)
class SweepState:
    """What the page shows of it.

    Attributes:
        seconds: since the start.
        travelled_px: between the outermost frames placed so far.
        travelled_mm: the same; None without a scale.
        is_lost: the newest frame could not be placed: too fast, blurred, or off the nailfold.
        problem: why the last sweep gave no panorama, in the operator's words; empty after a success.
    """

    phase: SweepPhase = SweepPhase.IDLE
    seconds: float = 0.0
    travelled_px: float = 0.0
    travelled_mm: float | None = None
    is_lost: bool = False
    problem: str = ""


@dataclass
class _Sweep:
    exam_id: str
    placement: Placement
    stitcher: Stitcher
    began_s: float | None = None
    newest: Frame | None = None


class SweepRecorder:
    """One sweep at a time. `offer` is for the camera's thread; placing, stitching and counting have a thread of their
    own, so the live view goes on meanwhile.

    Args:
        analyse: counts a panorama.
        calibration_for: the scale of a frame, for the millimetres shown on the way.
    """

    def __init__(
        self,
        session: ExamSession,
        analyse: AnalysePanorama,
        calibration_for: Callable[[Frame], Calibration | None],
        settings: ExamSettings,
    ) -> None:
        self._session = session
        self._analyse = analyse
        self._calibration_for = calibration_for
        self._settings = settings
        self._guard = threading.Lock()
        self._sweep: _Sweep | None = None
        self._is_ending = False
        self._state = SweepState()
        self._worker = FrameWorker("sweep", self._take, self._fail)

    @property
    def state(self) -> SweepState:
        """A snapshot; safe from any thread."""
        return self._state

    @property
    def taken(self) -> int:
        """How many frames were worked on so far."""
        return self._worker.taken

    def start(self) -> None:
        """Make ready; it is started once."""
        self._worker.start()

    def stop(self) -> None:
        """End the thread; harmless before `start`."""
        self._worker.stop()

    def offer(self, frame: Frame) -> None:
        """The camera's newest frame; returns at once."""
        if self._sweep is not None:
            self._worker.offer(frame)

    def begin(self) -> None:
        """Follow the scope along the selected finger from the next frame on.

        Raises:
            ExamError: no exam is open, or a sweep is under way.
        """
        snapshot = self._session.snapshot()
        if snapshot.exam is None:
            raise ExamError("could not begin a sweep: no exam is open", "Start an exam first.")
        with self._guard:
            if self._sweep is not None:
                raise ExamError("a sweep is under way", "End it first.")
            self._is_ending = False
            self._sweep = _Sweep(snapshot.exam.exam_id, snapshot.placement, Stitcher())
            self._state = SweepState(SweepPhase.SWEEPING)

    def end(self) -> None:
        """Stitch and count what was seen. Raises ExamError where no sweep is under way."""
        self._require_sweeping()
        self._is_ending = True
        sweep = self._sweep
        if sweep is not None and sweep.newest is not None:
            self._worker.offer(sweep.newest)  # should the camera have fallen silent

    def cancel(self) -> None:
        """Forget the sweep. Raises ExamError where none is under way."""
        self._require_sweeping()
        self._finish(SweepState())

    def _require_sweeping(self) -> None:
        if self._state.phase is not SweepPhase.SWEEPING:
            raise ExamError("no sweep is under way", "Begin one first.")

    def _take(self, frame: Frame) -> None:
        sweep = self._sweep
        if sweep is None or self._state.phase is not SweepPhase.SWEEPING:
            return
        at_s = frame.captured_monotonic_s
        last_s = at_s if sweep.newest is None else sweep.newest.captured_monotonic_s
        if at_s - last_s > LONGEST_SILENCE_S:
            raise ExamError("the camera stopped during the sweep", "Check its cable, then sweep again.")
        sweep.began_s = at_s if sweep.began_s is None else sweep.began_s
        is_placed = sweep.stitcher.add(frame.image_rgb)
        sweep.newest = frame
        seconds = at_s - sweep.began_s
        self._show(sweep, frame, seconds, is_lost=not is_placed)
        if self._is_ending or seconds >= self._settings.sweep_longest_s:
            self._keep(sweep, frame)

    def _show(self, sweep: _Sweep, frame: Frame, seconds: float, *, is_lost: bool) -> None:
        travelled_px, scale = sweep.stitcher.travelled_px, self._calibration_for(frame)
        travelled_mm = None if scale is None else travelled_px * scale.um_per_px / 1000
        shown = SweepState(SweepPhase.SWEEPING, seconds, travelled_px, travelled_mm, is_lost)
        with self._guard:
            if self._sweep is sweep:
                self._state = shown

    def _keep(self, sweep: _Sweep, frame: Frame) -> None:
        with self._guard:
            if self._sweep is not sweep:
                return
            self._state = SweepState(SweepPhase.STITCHING, self._state.seconds, sweep.stitcher.travelled_px)
        panorama = sweep.stitcher.panorama()
        shown = self._analyse(panorama, frame)
        self._session.keep_panorama(shown, sweep.exam_id, sweep.placement)
        _log.info("panorama of %d frames kept; they agree by %.2f", panorama.frames, panorama.likeness)
        self._finish(SweepState())

    def _finish(self, state: SweepState) -> None:
        with self._guard:
            self._sweep, self._state = None, state

    def _fail(self, fault: Exception) -> None:
        if not isinstance(fault, ApplianceError):
            _log.error("a sweep could not be stitched", exc_info=fault)
        problem = str(fault) if isinstance(fault, ApplianceError) else "The panorama could not be made. Sweep again."
        self._finish(SweepState(problem=problem))
