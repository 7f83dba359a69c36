"""The exam's workflow: start, choose the nailfold, capture, undo, finish."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import uuid_utils

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ApplianceError, ExamError
from appliance.domain.exam import CapturedImage, Exam, Finger, Hand, Placement, Sector
from appliance.domain.exam_protocol import FREE_PROTOCOL, ExamProtocol
from appliance.domain.pseudonym import require_pseudonym
from appliance.exam.message import BoxAddress, build_exam_message
from appliance.exam.session_state import ExamSnapshot, SessionTools
from appliance.exam.settings import ExamSettings
from appliance.exam.still import describe_still
from appliance.ports import Clock, ExamStore


class ExamSession:
    """One exam after the other, on one box. Safe for calls from any thread.

    An exam that was open when the station stopped is open again, with every confirmed capture. Each verb raises
    ExamError or StoreError in the operator's words and then has changed nothing; `snapshot()` never waits for a verb.
    """

    def __init__(
        self,
        store: ExamStore,
        tools: SessionTools,
        address: BoxAddress,
        clock: Clock,
        *,
        settings: ExamSettings | None = None,
        protocol: ExamProtocol = FREE_PROTOCOL,
    ) -> None:
        self._store = store
        self._tools = tools
        self._address = address
        self._clock = clock
        self._settings = settings or ExamSettings()
        self._protocol = protocol
        self._lock = threading.RLock()
        self._exam = store.open_exam()
        self._placement = self._placement_to_resume()
        self._undone: tuple[CapturedImage, ...] = ()
        self._kept_frame_s: float | None = None
        self._last_error = ""
        self._boot_id = str(uuid_utils.uuid7())
        self._revision = 0
        self._snapshot = self._look()

    def snapshot(self) -> ExamSnapshot:
        """The state after the last verb."""
        return self._snapshot

    def start(self, patient_pseudonym: str) -> Exam:
        """A new exam; the protocol's first placement is selected."""
        with self._verb():
            if self._exam is not None:
                raise ExamError("could not start an exam: one is open", "Finish or discard it first.")
            exam = self._store.start_exam(require_pseudonym(patient_pseudonym), self._clock.now_utc())
            self._take(exam)
            self._placement = self._protocol.first
            return exam

    def select(self, hand: Hand, finger: Finger, sector: Sector) -> None:
        """Where the next capture goes; also between exams."""
        with self._verb():
            self._placement = Placement(hand, finger, sector)

    def capture(self) -> CapturedImage:
        """Keep the newest picture at the selected placement, then select the protocol's next one."""
        with self._verb():
            exam = self._require_exam("capture")
            shown = self._require_picture()
            image = self._keep(exam, shown)
            self._take(replace(exam, images=(*exam.images, image)))
            self._kept_frame_s = shown.frame.captured_monotonic_s
            self._placement = self._protocol.after(image.placement)
            return image

    def undo(self) -> CapturedImage:
        """Take back the newest capture and select its placement again."""
        with self._verb():
            exam = self._require_exam("undo")
            if not exam.images:
                raise ExamError("there is no capture to undo", "Capture an image first.")
            image = exam.images[-1]
            self._store.remove_image(exam.exam_id, image.image_id)
            self._take(replace(exam, images=exam.images[:-1]), undone=(*self._undone, image))
            self._placement = image.placement
            return image

    def redo(self) -> CapturedImage:
        """Bring back what was undone last; possible until the next capture."""
        with self._verb():
            exam = self._require_exam("redo")
            if not self._undone:
                raise ExamError("there is no undone capture to bring back", "Capture again.")
            image = self._undone[-1]
            self._store.restore_image(exam.exam_id, image.image_id)
            self._take(replace(exam, images=(*exam.images, image)), undone=self._undone[:-1])
            self._placement = self._protocol.after(image.placement)
            return image

    def finish(self) -> Exam:
        """Close the exam and queue its message, both or neither."""
        with self._verb():
            exam = self._require_exam("finish")
            if not exam.images:
                raise ExamError("the exam has no images to finish with", "Capture at least one image or discard it.")
            now_utc = self._clock.now_utc()
            finished = self._store.finish_exam(exam.exam_id, now_utc, build_exam_message(exam, self._address, now_utc))
            self._take(None)
        self._tools.on_finished()
        return finished

    def discard(self) -> Exam:
        """Close the exam without a message; its images stay on the box."""
        with self._verb():
            discarded = self._store.discard_exam(self._require_exam("discard").exam_id, self._clock.now_utc())
            self._take(None)
            return discarded

    @contextmanager
    def _verb(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
                self._last_error = ""
            except ApplianceError as error:
                self._last_error = str(error)
                raise
            finally:
                self._revision += 1
                self._snapshot = self._look()

    def _take(self, exam: Exam | None, undone: tuple[CapturedImage, ...] = ()) -> None:
        self._exam, self._undone = exam, undone
        # An undone picture may be captured again.
        self._kept_frame_s = None

    def _require_exam(self, verb: str) -> Exam:
        if self._exam is None:
            raise ExamError(f"could not {verb}: no exam is open", "Start an exam first.")
        return self._exam

    def _require_picture(self) -> AnalysedFrame:
        shown = self._tools.current()
        if shown is None:
            raise ExamError("there is no picture to capture", "Check the capillaroscope and wait for the live picture.")
        age_s = self._clock.monotonic_s() - shown.frame.captured_monotonic_s
        if age_s > self._settings.max_frame_age_s:
            raise ExamError(f"the newest picture is {age_s:.1f} s old", "Wait for the live picture to move again.")
        if shown.frame.captured_monotonic_s == self._kept_frame_s:
            raise ExamError("this very picture was captured already", "Wait a moment and capture again.")
        return shown

    def _keep(self, exam: Exam, shown: AnalysedFrame) -> CapturedImage:
        image_id = str(uuid_utils.uuid7())
        file_name = f"{image_id}.png"
        metadata = describe_still(shown, image_id, exam.exam_id, self._placement)
        png = self._tools.encode(shown.frame.image_rgb, metadata)
        image = CapturedImage(
            image_id=image_id,
            hand=self._placement.hand,
            finger=self._placement.finger,
            sector=self._placement.sector,
            captured_at_utc=shown.frame.captured_at_utc,
            file_name=file_name,
            sha256=hashlib.sha256(png).hexdigest(),
            document=self._tools.document(shown.analysis, file_name),
        )
        self._store.add_image(exam.exam_id, image, png)
        return image

    def _placement_to_resume(self) -> Placement:
        if self._exam is None or not self._exam.images:
            return self._protocol.first
        return self._protocol.after(self._exam.images[-1].placement)

    def _look(self) -> ExamSnapshot:
        images = () if self._exam is None else self._exam.images
        return ExamSnapshot(
            exam=self._exam,
            placement=self._placement,
            counts=dict(Counter(image.placement for image in images)),
            can_undo=bool(images),
            can_redo=bool(self._undone),
            can_finish=bool(images),
            last_error=self._last_error,
            boot_id=self._boot_id,
            revision=self._revision,
        )
