"""Short video clips: the seconds before the operator asked for one, and the seconds after."""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum

import simplejpeg

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ApplianceError, ExamError
from appliance.domain.exam import Placement
from appliance.domain.frame import Frame
from appliance.exam.best_frame import best_of
from appliance.exam.frame_history import FrameHistory
from appliance.exam.frame_worker import FrameWorker
from appliance.exam.motion_jpeg import write_avi
from appliance.exam.session import ExamSession
from appliance.exam.settings import ExamSettings

_log = logging.getLogger(__name__)

JPEG_QUALITY = 92
"""With full colour resolution: the green channel of five rendered nailfolds then differs by 0.5 to 1.3 levels (root
mean square) from the camera's frame, which is below a scope's own noise."""

LATE_S = 2.0
MOST_FPS = 30.0
MOST_BYTES = 96 << 20
"""Of one clip; at 640x480 ten seconds take about 20 MB, at 1280x1024 80. A longer one ends earlier."""


class ClipPhase(Enum):
    IDLE = "idle"
    RECORDING = "recording"
    SAVING = "saving"


@dataclass(frozen=True)
class ClipState:
    """What the page shows of it.

    Attributes:
        progress: share of the seconds after the request, 0 to 1.
        problem: why the last clip was not kept, in the operator's words; empty after a success.
    """

    phase: ClipPhase = ClipPhase.IDLE
    progress: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class _Picture:
    at_s: float
    jpeg: bytes
    size_px: tuple[int, int]


@dataclass(frozen=True)
class _Request:
    exam_id: str
    placement: Placement
    at_s: float
    best: AnalysedFrame


class ClipRecorder:
    """Remembers the last seconds as JPEGs while an exam is open, and keeps them with what follows when asked.

    `offer` is for the camera's thread and returns at once; pictures are encoded on a thread of its own.
    """

    def __init__(
        self,
        session: ExamSession,
        history: FrameHistory,
        settings: ExamSettings,
    ) -> None:
        self._session = session
        self._history = history
        self._settings = settings
        self._guard = threading.Lock()
        self._pictures: deque[_Picture] = deque()
        self._bytes = 0
        self._request: _Request | None = None
        self._state = ClipState()
        self._worker = FrameWorker("clip", self._take, self._fail)

    @property
    def state(self) -> ClipState:
        """A snapshot; safe from any thread."""
        return self._state

    @property
    def taken(self) -> int:
        """How many frames were worked on so far."""
        return self._worker.taken

    def start(self) -> None:
        """Begin to remember; it is started once."""
        self._worker.start()

    def stop(self) -> None:
        """End the thread; harmless before `start`."""
        self._worker.stop()

    def offer(self, frame: Frame) -> None:
        """The camera's newest frame."""
        if self._session.snapshot().exam is not None:
            self._worker.offer(frame)
        elif self._pictures and self._request is None:
            # Between two patients nothing of the first is kept.
            with self._guard:
                self._pictures.clear()
                self._bytes = 0

    def record(self) -> None:
        """Keep the seconds before now and those after at the selected placement.

        Raises:
            ExamError: no exam is open, no picture is there, or a clip is being recorded.
        """
        snapshot, shown = self._session.snapshot(), self._history.recent(self._settings.clip_before_s)
        if snapshot.exam is None:
            raise ExamError("could not record a clip: no exam is open", "Start an exam first.")
        if not shown or not self._pictures:
            raise ExamError("there is no picture to record", "Check the capillaroscope and wait for the live picture.")
        with self._guard:
            if self._request is not None:
                raise ExamError("a clip is being recorded", "Wait until it is kept.")
            at_s = self._pictures[-1].at_s
            self._request = _Request(snapshot.exam.exam_id, snapshot.placement, at_s, best_of(shown))
            self._state = ClipState(ClipPhase.RECORDING)
            # Should the camera fall silent meanwhile, what was seen until then is kept all the same.
            late = threading.Timer(self._settings.clip_after_s + LATE_S, self._save_late, (self._request,))
            late.daemon = True
            late.start()

    def _save_late(self, request: _Request) -> None:
        try:
            self._save(request)
        except Exception as fault:
            self._fail(fault)

    def _take(self, frame: Frame) -> None:
        with self._guard:
            last_s = self._pictures[-1].at_s if self._pictures else -1e9
        at_s = frame.captured_monotonic_s
        if at_s - last_s < 0.9 / MOST_FPS:
            return
        jpeg = simplejpeg.encode_jpeg(frame.image_rgb, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="444")
        with self._guard:
            self._remember(_Picture(at_s, jpeg, (frame.width_px, frame.height_px)))
            request = self._request
        if request is not None:
            self._follow(request, at_s)

    def _remember(self, picture: _Picture) -> None:
        if self._pictures and self._pictures[-1].size_px != picture.size_px:
            self._pictures.clear()
            self._bytes = 0
        self._pictures.append(picture)
        self._bytes += len(picture.jpeg)
        start_s = (self._request.at_s if self._request else picture.at_s) - self._settings.clip_before_s
        while self._pictures[0].at_s < start_s or (self._request is None and self._bytes > MOST_BYTES // 2):
            self._bytes -= len(self._pictures.popleft().jpeg)

    def _follow(self, request: _Request, at_s: float) -> None:
        progress = (at_s - request.at_s) / self._settings.clip_after_s
        if progress < 1.0 and self._bytes < MOST_BYTES:
            self._state = ClipState(ClipPhase.RECORDING, max(0.0, progress))
            return
        self._save(request)

    def _save(self, request: _Request) -> None:
        with self._guard:
            if self._request is not request or self._state.phase is ClipPhase.SAVING:
                return
            self._state = ClipState(ClipPhase.SAVING, 1.0)
            pictures = tuple(self._pictures)
        span_s = pictures[-1].at_s - pictures[0].at_s
        fps = (len(pictures) - 1) / span_s if span_s > 0 else MOST_FPS
        video = write_avi([picture.jpeg for picture in pictures], fps, *pictures[0].size_px)
        best = best_of((request.best, *self._history.recent(self._settings.clip_after_s)))
        self._session.keep_clip(video, best, request.exam_id, request.placement)
        self._end(ClipState())

    def _end(self, state: ClipState) -> None:
        with self._guard:
            self._request = None
        self._state = state

    def _fail(self, fault: Exception) -> None:
        if not isinstance(fault, ApplianceError):
            _log.error("a clip could not be recorded", exc_info=fault)
        problem = str(fault) if isinstance(fault, ApplianceError) else "The clip could not be recorded. Try again."
        self._end(ClipState(problem=problem))
