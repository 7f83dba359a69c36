"""Short video clips: the seconds before the operator asked for one, and the seconds after."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import simplejpeg

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ApplianceError, ExamError
from appliance.domain.exam import Placement
from appliance.domain.frame import Frame
from appliance.exam.best_frame import best_of
from appliance.exam.clip_pictures import ClipPicture, ClipPictures
from appliance.exam.frame_history import FrameHistory
from appliance.exam.motion_jpeg import write_avi
from appliance.exam.recording import Recorder
from appliance.exam.session import ExamSession
from appliance.exam.settings import ExamSettings

JPEG_QUALITY = 92
"""With full colour resolution: the green channel of five rendered nailfolds then differs by 0.5 to 1.3 levels (root
mean square) from the camera's frame, which is below a scope's own noise."""

LATE_S = 2.0
"""Should the camera fall silent for so long while it records, what was seen until then is kept all the same."""
MOST_FPS = 30.0


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
class _ClipFrame:
    frame: Frame
    exam_id: str


@dataclass(frozen=True, eq=False)
class _Request:
    """A clip that was asked for at `at_s`; whatever comes, it is kept at `latest_s`."""

    exam_id: str
    placement: Placement
    at_s: float
    latest_s: float
    best: AnalysedFrame | None


class ClipRecorder(Recorder[_ClipFrame, _Request, ClipState]):
    """Remembers the last seconds as JPEGs while an exam is open, and keeps them with what follows when asked.

    `offer` is for the camera's thread and returns at once; pictures are encoded on a thread of its own.
    """

    def __init__(self, session: ExamSession, history: FrameHistory, settings: ExamSettings) -> None:
        super().__init__("clip", ClipState())
        self._session = session
        self._history = history
        self._settings = settings
        self._pictures = ClipPictures(settings.clip_before_s)  # under the lock

    def offer(self, frame: Frame) -> None:
        """The camera's newest frame."""
        exam = self._session.snapshot().exam
        if exam is not None:
            self._worker.offer(_ClipFrame(frame, exam.exam_id))
            return
        with self._lock:
            # Between two patients nothing of the first is kept.
            if self._now.work is None:
                self._pictures.clear()

    def record(self) -> None:
        """Keep the seconds before now and those after at the selected placement.

        Raises:
            ExamError: no exam is open, no picture is there, or a clip is being recorded.
        """
        snapshot, shown = self._session.snapshot(), self._history.recent(self._settings.clip_before_s)
        exam, placement = snapshot.exam, snapshot.placement
        if exam is None:
            raise ExamError("could not record a clip: no exam is open", "Start an exam first.")

        def request() -> tuple[_Request, ClipState]:
            newest = self._pictures.newest
            if not shown or newest is None or newest.exam_id != exam.exam_id:
                raise ExamError(
                    "there is no picture to record", "Check the capillaroscope and wait for the live picture."
                )
            latest_s = time.monotonic() + self._settings.clip_after_s + LATE_S
            best = _best_since(self._pictures.all[0].at_s, shown)
            return _Request(exam.exam_id, placement, newest.at_s, latest_s, best), ClipState(ClipPhase.RECORDING)

        self._begin(request, ExamError("a clip is being recorded", "Wait until it is kept."))

    def _take(self, item: _ClipFrame) -> None:
        frame, exam_id, at_s = item.frame, item.exam_id, item.frame.captured_monotonic_s
        with self._lock:
            newest, request = self._pictures.newest, self._now.work
        if request is not None and request.exam_id != exam_id:
            self._save(request)
        elif newest is not None and newest.exam_id == exam_id and at_s - newest.at_s < 0.9 / MOST_FPS:
            return
        jpeg = simplejpeg.encode_jpeg(frame.image_rgb, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="444")
        picture = ClipPicture(exam_id, at_s, jpeg, (frame.width_px, frame.height_px))
        with self._lock:
            request = self._now.work
            self._pictures.add(picture, None if request is None else request.at_s)
            is_full = self._pictures.is_full
        if request is not None:
            progress = (at_s - request.at_s) / self._settings.clip_after_s
            if progress < 1.0 and not is_full:
                self._show(request, ClipState(ClipPhase.RECORDING, max(0.0, progress)))
            else:
                self._save(request)

    def _follow_up(self, work: _Request) -> None:
        if time.monotonic() >= work.latest_s:
            self._save(work)

    def _save(self, request: _Request) -> None:
        if not self._close(request, ClipState(ClipPhase.SAVING, 1.0)):
            return
        with self._lock:
            pictures = self._pictures.all
        span_s = pictures[-1].at_s - pictures[0].at_s
        fps = (len(pictures) - 1) / span_s if span_s > 0 else MOST_FPS
        video = write_avi([picture.jpeg for picture in pictures], fps, *pictures[0].size_px)
        since = _best_since(pictures[0].at_s, self._history.recent(self._settings.clip_after_s))
        seen = [one for one in (request.best, since) if one is not None]
        if not seen:
            raise ExamError("no picture of the clip was analysed", "Wait for the live picture, then record again.")
        self._session.keep_clip(video, best_of(seen), request.exam_id, request.placement)
        self._end(request, ClipState())

    def _failed(self, fault: Exception) -> ClipState:
        problem = str(fault) if isinstance(fault, ApplianceError) else "The clip could not be recorded. Try again."
        return ClipState(problem=problem)


def _best_since(start_s: float, shown: Sequence[AnalysedFrame]) -> AnalysedFrame | None:
    """The best picture that can be in the clip; one from before it may be of another patient."""
    in_clip = [one for one in shown if one.frame.captured_monotonic_s >= start_s]
    return best_of(in_clip) if in_clip else None
