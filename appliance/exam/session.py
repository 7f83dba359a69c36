"""The exam's workflow: start, choose the nailfold, capture, undo, finish."""

import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import uuid_utils

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import ApplianceError, ExamError
from appliance.domain.exam import (
    CapturedImage,
    Exam,
    ExamStart,
    Finger,
    Hand,
    ImageKind,
    Placement,
    Sector,
    SkippedPlacement,
)
from appliance.domain.exam_protocol import FREE_PROTOCOL, ExamProtocol, protocol_named
from appliance.domain.instant import to_rfc3339
from appliance.domain.pseudonym import require_pseudonym
from appliance.exam.best_frame import best_of
from appliance.exam.captured import new_clip, new_still
from appliance.exam.exam_steps import Step, skips_at
from appliance.exam.message import BoxAddress, build_corrected_message, build_exam_message
from appliance.exam.open_exam import OpenExam
from appliance.exam.review_log import REOPENED, ReviewLog, fold, review_subject
from appliance.exam.review_service import reviewed_as
from appliance.exam.session_state import ExamSnapshot, SessionTools
from appliance.exam.settings import ExamSettings
from appliance.ports import Clock, ExamStore, Journal, OutboxMessage

LONGEST_REASON = 200


class ExamSession:
    """One exam after the other, on one box. Safe for calls from any thread.

    An exam that was open when the station stopped is open again, with every confirmed capture. Each verb raises
    ExamError or StoreError in the operator's words and then has changed nothing; `snapshot()` never waits for a verb.

    Args:
        protocol: the clinic's own, offered between exams.
    """

    def __init__(
        self,
        store: ExamStore,
        tools: SessionTools,
        address: BoxAddress,
        clock: Clock,
        journal: Journal,
        *,
        settings: ExamSettings | None = None,
        protocol: ExamProtocol = FREE_PROTOCOL,
    ) -> None:
        self._store = store
        self._tools = tools
        self._address = address
        self._clock = clock
        self._journal = journal
        self._settings = settings or ExamSettings()
        self._offered = self._protocol = protocol
        self._lock = threading.RLock()
        self._kept_frame_s = -math.inf
        self._placement = protocol.first
        self._open: OpenExam | None = None
        if (found := store.open_exam()) is not None:
            self._take(found)
        self._last_error = ""
        self._boot_id = str(uuid_utils.uuid7())
        self._revision = 0
        self._snapshot = self._look()

    def snapshot(self) -> ExamSnapshot:
        """The state after the last verb."""
        return self._snapshot

    def start(self, patient_pseudonym: str, start: ExamStart) -> Exam:
        """A new exam; the protocol's first placement is selected.

        Args:
            start: with the account that starts it, and the name of one of PROTOCOLS.
        """
        with self._verb():
            if self._open is not None:
                raise ExamError("could not start an exam: one is open", "Finish or discard it first.")
            pseudonym = require_pseudonym(patient_pseudonym)
            protocol_named(start.protocol)  # refuses what there is not
            self._tools.require_clock()
            now_utc = self._clock.now_utc()
            with self._journal.transaction("start the exam"):
                start = replace(start, counts_ramified_giants=self._settings.count_ramified_giants)
                exam = self._store.start_exam(pseudonym, now_utc, start)
                self._write(
                    start.operator,
                    exam,
                    "started",
                    {"protocol": exam.protocol, "counts_ramified_giants": exam.counts_ramified_giants},
                )
            self._take(exam)
            return exam

    def select(self, hand: Hand, finger: Finger, sector: Sector) -> None:
        """Where the next capture goes; also between exams."""
        with self._verb():
            self._placement = Placement(hand, finger, sector)

    def capture(self, *, seq: int | None = None, replaces: bool = False) -> CapturedImage:
        """Keep the best picture of the last moment at the selected placement; then select the next that is missing.

        Args:
            seq: number of a picture that stands frozen before the operator: this one is kept, whatever its age.
            replaces: the placement's earlier stills make way; else the picture is added to them.
        """
        with self._verb():
            work = self._require_exam("capture")
            return self._capture(work, self._newest_picture() if seq is None else self._held_picture(seq), replaces)

    def capture_shown(self, shown: AnalysedFrame) -> CapturedImage:
        """Keep this very picture, as automatic capture chose it; else as `capture`."""
        with self._verb():
            return self._capture(self._require_exam("capture"), shown, replaces=False)

    def capture_at(self, at_monotonic_s: float) -> CapturedImage:
        """Keep the picture that was on the pages when a button of the box was pressed; else as `capture`."""
        with self._verb():
            work = self._require_exam("capture")
            return self._capture(work, self._picture_at(at_monotonic_s), replaces=False)

    def keep_panorama(self, shown: AnalysedFrame, exam_id: str, placement: Placement) -> CapturedImage:
        """Keep a stitched picture of that exam; refused if the exam was closed meanwhile. What is selected stays."""
        with self._verb():
            work, where = self._require_same(exam_id), replace(placement, sector=Sector.PANORAMIC)
            new = new_still(shown, exam_id, where, self._tools, ImageKind.PANORAMA)
            work.add(new, self._placement)
            return new.image

    def keep_clip(self, video: bytes, best: AnalysedFrame, exam_id: str, placement: Placement) -> CapturedImage:
        """Keep a video of that exam with the result of its best picture; else as `keep_panorama`."""
        with self._verb():
            work = self._require_same(exam_id)
            new = new_clip(video, best, placement)
            work.add(new, self._placement)
            return new.image

    def skip(self, reason: str, actor: str, *, whole_finger: bool = False) -> None:
        """Declare the selected placement, or all that its finger lacks, not evaluable; select the next missing one.

        Args:
            reason: in the operator's words, 1 to 200 characters.
            actor: the account that declares it.
        """
        with self._verb():
            work, words, here = self._require_exam("skip"), _words_of(reason), self._placement
            places = (work.missing_of_finger(here) if whole_finger else ()) or (here,)
            skipped = tuple(SkippedPlacement(place, words) for place in places)
            where = {"hand": here.hand.value, "finger": here.finger.value, "sector": here.sector.value}
            with self._journal.transaction("skip the placement"):
                detail = {"reason": words, "whole_finger": whole_finger, **where}
                self._write(actor, work.exam, "skipped", detail)
                work.do(Step(here, skipped=skipped, unskipped=skips_at(work.exam, places)))
            self._placement = work.next_after(here)

    def unskip(self) -> None:
        """The selected placement can be evaluated after all."""
        with self._verb():
            work = self._require_exam("unskip")
            unskipped = skips_at(work.exam, (self._placement,))
            if not unskipped:
                raise ExamError("this placement was not skipped", "Choose one that was.")
            work.do(Step(self._placement, unskipped=unskipped))

    def undo(self) -> Step:
        """Take back the newest capture or skipping and select its placement again."""
        with self._verb():
            step = self._require_exam("undo").undo()
            self._placement = step.placement
            self._kept_frame_s = -math.inf  # an undone picture may be captured again
            return step

    def redo(self) -> Step:
        """Bring back what was undone last; possible until the next capture."""
        with self._verb():
            work = self._require_exam("redo")
            step = work.redo()
            self._placement = work.next_after(step.placement)
            return step

    def finish(self, actor: str) -> Exam:
        """Close the exam and queue its message, both or neither; `actor` is the account that does."""
        with self._verb():
            work = self._require_exam("finish")
            exam, missing = work.exam, work.missing
            if not _has_results(exam):
                raise ExamError("the exam has no images to finish with", "Capture at least one image or discard it.")
            clock_utc = self._clock.now_utc()
            # A clock that was set back meanwhile: no exam ends before it began, nor before its last picture.
            now_utc = max(clock_utc, exam.started_at_utc, *(image.captured_at_utc for image in exam.images))
            message = self._message(exam, now_utc)
            with self._journal.transaction("finish the exam"):
                finished = self._store.finish_exam(exam.exam_id, now_utc, message)
                counts = {"images": len(finished.single_images), "skipped": len(finished.skipped), "missing": missing}
                stepped = {} if now_utc == clock_utc else {"clock": to_rfc3339(clock_utc)}
                self._write(actor, finished, "finished", counts | stepped)
            self._close()
        self._tools.on_finished()
        return finished

    def reopen(self, exam_id: str, reason: str, actor: str) -> Exam:
        """A finished exam gets further pictures; what it was sent with stays, and finishing it anew sends a revision.

        A validation is taken back. Its earlier images can be neither undone nor replaced: who finds one unfit leaves
        it out in the review.

        Args:
            reason: in the physician's words, 1 to 200 characters.
        """
        with self._verb():
            words = _words_of(reason)
            if self._open is not None:
                raise ExamError("could not reopen the exam: another one is open", "Finish or discard it first.")
            if self._store.import_mark(exam_id) is not None:
                raise ExamError("an exam that was imported takes no further pictures", "Start an exam of this box.")
            if self._store.exam(exam_id).is_archived:
                raise ExamError("an archived exam takes no pictures", "Take it back from the archive first.")
            with self._journal.transaction("reopen the exam"):
                log, exam = self._log(exam_id), self._store.reopen_exam(exam_id)
                detail: dict[str, Any] = {"reason": words, "image_ids": [image.image_id for image in exam.images]}
                if log.validated_by is not None:
                    detail["invalidates"] = log.validated_by
                self._journal.append(actor, review_subject(exam_id), REOPENED, detail, follows=log.revision)
            self._take(exam)
            return exam

    def discard(self, actor: str) -> Exam:
        """Close the exam without a message; its images stay on the box. `actor` is the account that does."""
        with self._verb():
            exam = self._require_exam("discard").exam
            if self._log(exam.exam_id).reopenings:
                raise ExamError("an exam that was finished before cannot be discarded", "Finish it.")
            with self._journal.transaction("discard the exam"):
                discarded = self._store.discard_exam(exam.exam_id, self._clock.now_utc())
                self._write(actor, discarded, "discarded", {"images": len(discarded.single_images)})
            self._close()
            return discarded

    def _write(self, actor: str, exam: Exam, action: str, detail: Mapping[str, Any]) -> None:
        self._journal.append(actor, f"exam:{exam.exam_id}", f"exam.{action}", detail)

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

    def _take(self, exam: Exam) -> None:
        self._open = OpenExam(self._store, exam, self._log(exam.exam_id).settled)
        self._protocol = self._open.protocol
        self._placement = self._protocol.first
        if exam.images:
            self._placement = self._open.next_after(exam.images[-1].placement)

    def _log(self, exam_id: str) -> ReviewLog:
        return fold(self._journal.entries(review_subject(exam_id)))

    def _message(self, exam: Exam, now_utc: datetime) -> OutboxMessage:
        """Of an exam that was reopened the next revision, with the edits that stand; else the first about it."""
        log = self._log(exam.exam_id)
        if not log.reopenings:
            return build_exam_message(exam, self._address, now_utc)
        reviewed, replaces = reviewed_as(exam, log), self._tools.newest_message_id(exam.exam_id)
        return build_corrected_message(reviewed, self._address, now_utc, log.revisions, replaces, is_validated=False)

    def _close(self) -> None:
        self._open, self._protocol = None, self._offered

    def _require_exam(self, verb: str) -> OpenExam:
        if self._open is None:
            raise ExamError(f"could not {verb}: no exam is open", "Start an exam first.")
        return self._open

    def _require_same(self, exam_id: str) -> OpenExam:
        if self._open is None or self._open.exam.exam_id != exam_id:
            raise ExamError("the exam was closed before the recording was ready", "Record it again in the open exam.")
        return self._open

    def _newest_picture(self) -> AnalysedFrame:
        shown, history = self._tools.current(), self._tools.history
        if shown is None:
            raise ExamError("there is no picture to capture", "Check the capillaroscope and wait for the live picture.")
        age_s = self._clock.monotonic_s() - shown.frame.captured_monotonic_s
        if age_s > self._settings.max_frame_age_s:
            raise ExamError(f"the newest picture is {age_s:.1f} s old", "Wait for the live picture to move again.")
        candidates = (shown,) if history is None else history.recent(self._settings.best_of_s)
        newer = [one for one in candidates if one.frame.captured_monotonic_s > self._kept_frame_s]
        if not newer:
            raise ExamError("this very picture was captured already", "Wait a moment and capture again.")
        return best_of(newer)

    def _picture_at(self, at_monotonic_s: float) -> AnalysedFrame:
        shown = None if self._tools.history is None else self._tools.history.shown_at(at_monotonic_s)
        if shown is None:
            raise ExamError("there was no picture when the button was pressed", "Wait for the live picture.")
        age_s = at_monotonic_s - shown.frame.captured_monotonic_s
        if age_s > self._settings.max_frame_age_s:
            raise ExamError(f"the picture was {age_s:.1f} s old", "Wait for the live picture to move again.")
        if shown.frame.captured_monotonic_s == self._kept_frame_s:
            raise ExamError("this very picture was captured already", "Wait a moment and capture again.")
        return shown

    def _held_picture(self, seq: int) -> AnalysedFrame:
        shown = None if self._tools.history is None else self._tools.history.find(seq)
        if shown is None:
            raise ExamError(f"picture {seq} is no longer at hand", "Go live and freeze again.")
        return shown

    def _capture(self, work: OpenExam, shown: AnalysedFrame, replaces: bool) -> CapturedImage:
        placement = self._placement
        new = new_still(shown, work.exam.exam_id, placement, self._tools)
        work.add(new, placement, work.stills_at(placement) if replaces else ())
        self._kept_frame_s = max(self._kept_frame_s, shown.frame.captured_monotonic_s)
        self._placement = work.next_after(placement)
        return new.image

    def _look(self) -> ExamSnapshot:
        work = self._open
        images = () if work is None else work.exam.images
        return ExamSnapshot(
            exam=None if work is None else work.exam,
            placement=self._placement,
            protocol=self._protocol,
            counts=dict(Counter(image.placement for image in images if image.kind is ImageKind.STILL)),
            can_undo=work is not None and work.can_undo,
            can_redo=work is not None and work.can_redo,
            can_finish=work is not None and _has_results(work.exam),
            last_error=self._last_error,
            boot_id=self._boot_id,
            revision=self._revision,
        )


def _words_of(reason: str) -> str:
    words = " ".join(reason.split())
    if not 0 < len(words) <= LONGEST_REASON:
        raise ExamError(f"the reason has {len(words)} characters", f"Give one of 1 to {LONGEST_REASON}.")
    return words


def _has_results(exam: Exam) -> bool:
    """Whether there is a picture that was measured; a video clip alone is none."""
    return any(image.kind is not ImageKind.CLIP for image in exam.images)
