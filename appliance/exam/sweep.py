"""A sweep along the nailfold, from the operator's start to a kept and counted panorama."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from appliance.analysis.panorama import Stitcher
from appliance.analysis.panorama_analysis import AnalysePanorama
from appliance.domain.calibration import Calibration
from appliance.domain.errors import ApplianceError, ExamError
from appliance.domain.exam import Placement
from appliance.domain.frame import Frame
from appliance.exam.recording import Recorder
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


@dataclass(eq=False)
class _Sweep:
    """One sweep. Only `is_ending` is for other threads, under the recorder's lock; the rest is the worker's own."""

    exam_id: str
    placement: Placement
    stitcher: Stitcher
    began_s: float | None = None
    newest: Frame | None = None
    is_ending: bool = False


@dataclass(frozen=True)
class _SweepFrame:
    frame: Frame
    sweep: _Sweep


class SweepRecorder(Recorder[_SweepFrame, _Sweep, SweepState]):
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
        super().__init__("sweep", SweepState())
        self._session = session
        self._analyse = analyse
        self._calibration_for = calibration_for
        self._settings = settings

    def offer(self, frame: Frame) -> None:
        """The camera's newest frame; returns at once."""
        if (sweep := self._now.work) is not None:
            self._worker.offer(_SweepFrame(frame, sweep))

    def begin(self) -> None:
        """Follow the scope along the selected finger from the next frame on.

        Raises:
            ExamError: no exam is open, or a sweep is under way.
        """
        snapshot = self._session.snapshot()
        if snapshot.exam is None:
            raise ExamError("could not begin a sweep: no exam is open", "Start an exam first.")
        sweep = _Sweep(snapshot.exam.exam_id, snapshot.placement, Stitcher())
        started = SweepState(SweepPhase.SWEEPING)
        self._begin(lambda: (sweep, started), ExamError("a sweep is under way", "End it first."))

    def end(self) -> None:
        """Stitch and count what was seen. Raises ExamError where no sweep is under way."""
        with self._lock:
            sweep = self._now.work
            if sweep is None or self._now.is_closing:
                raise _no_sweep()
            sweep.is_ending = True
        self._worker.wake()  # should the camera have fallen silent

    def cancel(self) -> None:
        """Keep nothing of the sweep. Raises ExamError where none is under way or it is being stitched."""
        sweep = self._now.work
        if sweep is None or not self._cancel(sweep, SweepState()):
            raise _no_sweep()

    def _take(self, item: _SweepFrame) -> None:
        sweep, frame, at_s = item.sweep, item.frame, item.frame.captured_monotonic_s
        if self._now.work is not sweep:
            return
        last_s = at_s if sweep.newest is None else sweep.newest.captured_monotonic_s
        if at_s - last_s > LONGEST_SILENCE_S:
            raise ExamError("the camera stopped during the sweep", "Check its cable, then sweep again.")
        sweep.began_s = at_s if sweep.began_s is None else sweep.began_s
        is_placed = sweep.stitcher.add(frame.image_rgb)
        sweep.newest = frame
        seconds = at_s - sweep.began_s
        self._show(sweep, self._progress(sweep, frame, seconds, is_lost=not is_placed))
        if sweep.is_ending or seconds >= self._settings.sweep_longest_s:
            self._keep(sweep, frame)

    def _follow_up(self, work: _Sweep) -> None:
        if work.is_ending and work.newest is not None:
            self._keep(work, work.newest)

    def _progress(self, sweep: _Sweep, frame: Frame, seconds: float, *, is_lost: bool) -> SweepState:
        travelled_px, scale = sweep.stitcher.travelled_px, self._calibration_for(frame)
        travelled_mm = None if scale is None else travelled_px * scale.um_per_px / 1000
        return SweepState(SweepPhase.SWEEPING, seconds, travelled_px, travelled_mm, is_lost)

    def _keep(self, sweep: _Sweep, frame: Frame) -> None:
        if not self._close(sweep, SweepState(SweepPhase.STITCHING, self.state.seconds, sweep.stitcher.travelled_px)):
            return
        panorama = sweep.stitcher.panorama()
        shown = self._analyse(panorama, frame)
        self._session.keep_panorama(shown, sweep.exam_id, sweep.placement)
        _log.info("panorama of %d frames kept; they agree by %.2f", panorama.frames, panorama.likeness)
        self._end(sweep, SweepState())

    def _failed(self, fault: Exception) -> SweepState:
        problem = str(fault) if isinstance(fault, ApplianceError) else "The panorama could not be made. Sweep again."
        return SweepState(problem=problem)


def _no_sweep() -> ExamError:
    return ExamError("no sweep is under way", "Begin one first.")
