"""All that helps the operator while the picture is live, beside the exam itself."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.analysis.panorama_analysis import AnalysePanorama
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.calibration import Calibration
from appliance.domain.frame import Frame
from appliance.exam.auto_capture import AutoCapture
from appliance.exam.clip import ClipRecorder
from appliance.exam.frame_history import FrameHistory
from appliance.exam.session import ExamSession
from appliance.exam.settings import ExamSettings
from appliance.exam.sweep import SweepRecorder


@dataclass(frozen=True)
class GuidedCapture:
    """The helpers as one part of the station. `captured` and `analysed` return at once."""

    history: FrameHistory
    auto: AutoCapture
    clips: ClipRecorder
    sweep: SweepRecorder

    def captured(self, frame: Frame) -> None:
        """The camera has a new frame; for its thread."""
        self.clips.offer(frame)
        self.sweep.offer(frame)

    def analysed(self, shown: AnalysedFrame) -> None:
        """The engine has a new result; for its thread."""
        self.history.add(shown)
        self.auto.notice()

    def start(self) -> None:
        for part in (self.auto, self.clips, self.sweep):
            part.start()

    def stop(self) -> None:
        for part in (self.auto, self.clips, self.sweep):
            part.stop()


def guide(
    session: ExamSession,
    history: FrameHistory,
    analyse_panorama: AnalysePanorama,
    calibration_for: Callable[[Frame], Calibration | None],
    settings: ExamSettings,
) -> GuidedCapture:
    """The helpers of one session."""
    return GuidedCapture(
        history,
        AutoCapture(session, history, settings),
        ClipRecorder(session, history, settings),
        SweepRecorder(session, analyse_panorama, calibration_for, settings),
    )
