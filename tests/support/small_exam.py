"""An exam of very small pictures, quick enough to be made anew for every order of threads."""

from dataclasses import replace

import numpy as np

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.exam import ExamStart, ImageKind
from appliance.domain.frame import Frame
from appliance.exam.frame_history import FrameHistory
from appliance.exam.message import BoxAddress
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.exam.settings import ExamSettings
from appliance.storage.memory_journal import MemoryJournal
from appliance.storage.memory_store import MemoryExamStore
from tests.support.exam_parts import HeldClock, shown_frame

STEP_S = 0.1


class SmallExam:
    """A session with one open exam and a scope that shows a picture each `STEP_S`, of the grey that is asked for."""

    def __init__(self, settings: ExamSettings | None = None, pictures: int = 0) -> None:
        self.settings = settings or ExamSettings()
        self.clock, self.store = HeldClock(), MemoryExamStore()
        self.history = FrameHistory(self.settings.history_s, monotonic_s=self.clock.monotonic_s)
        self.newest: AnalysedFrame | None = None
        self._seq = 0
        tools = SessionTools(lambda: self.newest, lambda image, _: image.tobytes(), history=self.history)
        journal = MemoryJournal(self.clock.now_utc, self.store.outbox)
        self.session = ExamSession(
            self.store, tools, BoxAddress("clinic-1", "box-7"), self.clock, journal, settings=self.settings
        )
        self.exam_id = self.session.start("NC-1", ExamStart("ana")).exam_id
        for _ in range(pictures):
            self.show()

    def picture(self, grey: int = 90) -> AnalysedFrame:
        """The next one; nobody has seen it yet."""
        self.clock.advance(STEP_S)
        self._seq += 1
        shown = shown_frame(self._seq, self.clock.monotonic_s())
        return replace(shown, frame=replace(shown.frame, image_rgb=np.full((48, 64, 3), grey, np.uint8)))

    def show(self, grey: int = 90) -> Frame:
        """The next picture, analysed."""
        self.newest = self.picture(grey)
        self.history.add(self.newest)
        return self.newest.frame

    def next_patient(self) -> None:
        """The exam is discarded and another patient's begins."""
        self.session.discard("ana")
        self.session.start("NC-2", ExamStart("ana"))

    def kept(self, kind: ImageKind) -> int:
        """How many images of that kind the store has in all exams."""
        exams = (self.store.exam(exam.exam_id) for exam in self.store.exams())
        return sum(image.kind is kind for exam in exams for image in exam.images)
