"""The engine's thread: takes the newest frame, analyses it, hands picture and result on together."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.capture.latest_frame import LatestFrame
from appliance.domain.analysis_result import AnalysedFrame, FrameAnalysis
from appliance.domain.calibration import Calibration
from appliance.domain.frame import Frame

_log = logging.getLogger(__name__)
_TAKE_TIMEOUT_S = 0.25
# The log of a fault that repeats with every frame: the first, then one a second at 30 frames a second.
_LOG_EVERY = 30

Analyse = Callable[[Frame, Calibration | None], FrameAnalysis]


@dataclass(frozen=True)
class EngineHealth:
    """How the engine's thread fares.

    Attributes:
        frames_analysed, frames_failed: since the station started.
        last_error: of the last frame that failed; empty once a later frame succeeded.
        latency_ms: of the newest frame, from the picture to its result; None before the first.
    """

    frames_analysed: int = 0
    frames_failed: int = 0
    last_error: str = ""
    latency_ms: float | None = None

    @property
    def frames_seen(self) -> int:
        """Dealt with, for better or worse: what stands still when the engine hangs."""
        return self.frames_analysed + self.frames_failed


class EngineLoop:
    """Runs the pipeline on the newest frame for as long as the slot is open.

    A frame whose analysis fails is counted and logged, and the thread goes on with the next: the live view then shows
    no new picture, and `health` says why.

    Args:
        slot: where the frames come from; closing it ends the loop.
        analyse: the pipeline.
        calibration_for: the scale of a frame.
        publish: takes picture and result; must return quickly.
        remember: takes both with their scale, before anybody is shown them; must return quickly.
    """

    def __init__(
        self,
        slot: LatestFrame,
        analyse: Analyse,
        calibration_for: Callable[[Frame], Calibration | None],
        publish: Callable[[Frame, FrameAnalysis], None],
        remember: Callable[[AnalysedFrame], None] = lambda _: None,
    ) -> None:
        self._slot = slot
        self._analyse = analyse
        self._calibration_for = calibration_for
        self._publish = publish
        self._remember = remember
        self._latest: AnalysedFrame | None = None
        self._health = EngineHealth()
        self._processor_clock: int | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def latest(self) -> AnalysedFrame | None:
        """The newest picture with its result and scale; what a capture keeps."""
        return self._latest

    @property
    def health(self) -> EngineHealth:
        """A snapshot; safe from any thread."""
        return self._health

    @property
    def computed_s(self) -> float:
        """Processor time of the loop's thread so far: what goes on while one picture takes long."""
        if self._processor_clock is None:
            return 0.0
        try:
            return time.clock_gettime(self._processor_clock)
        except OSError:  # the thread has ended
            return 0.0

    def start(self) -> None:
        """Begin; a loop is started once."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Whether the thread has ended within the time, after the slot was closed; true for one never started."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # Asked for by the thread itself: of a thread that has ended, the C library reads memory that is gone.
        self._processor_clock = time.pthread_getcpuclockid(threading.get_ident())
        while not self._slot.is_closed:
            frame = self._slot.take(_TAKE_TIMEOUT_S)
            if frame is None:
                continue
            try:
                self._step(frame)
            except Exception as error:  # one bad frame must not end the exam
                self._count_failure(frame, error)

    def _step(self, frame: Frame) -> None:
        calibration = self._calibration_for(frame)
        analysis = self._analyse(frame, calibration)
        self._latest = AnalysedFrame(frame, analysis, calibration)
        self._remember(self._latest)
        self._publish(frame, analysis)
        analysed, latency_ms = self._health.frames_analysed + 1, 1000 * (time.monotonic() - frame.captured_monotonic_s)
        if analysed == 1:
            _log.info("first picture: %.0f s of computing, %s", time.thread_time(), _stages(analysis))
        self._health = replace(
            self._health, frames_analysed=analysed, last_error="", latency_ms=round(max(0.0, latency_ms), 1)
        )

    def _count_failure(self, frame: Frame, error: Exception) -> None:
        failed = self._health.frames_failed + 1
        self._health = replace(self._health, frames_failed=failed, last_error=f"{type(error).__name__}: {error}")
        if failed % _LOG_EVERY == 1:
            _log.exception("frame %d could not be analysed; %d so far", frame.seq, failed)


def _stages(analysis: FrameAnalysis) -> str:
    return ", ".join(f"{name} {took_ms:.0f} ms" for name, took_ms in analysis.stage_ms.items())
