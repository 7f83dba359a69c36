"""What the physician made of an exam: the machine's answers with the journal's edits on top."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.analysis.against_measurement import contradicted_class
from appliance.analysis.counted_once import is_drawn_twice
from appliance.analysis.uncertainty import width_decimals
from appliance.domain.counted import counted
from appliance.domain.errors import ExamError, NotKeptError, StaleError
from appliance.domain.exam import CapturedImage, Exam, ExamState
from appliance.domain.honest_digits import digits
from appliance.domain.journal import JournalEntry
from appliance.domain.json_value import JsonObject
from appliance.domain.pattern import NailfoldPattern
from appliance.domain.review import ReviewedExam
from appliance.domain.review_edits import AddCapillary, ChangeBox, ImageEdit, SetMorphology, SetSize, edit_to_json
from appliance.exam.image_review import ImageReview, finding_summary, review_image, reviewed_image
from appliance.exam.review_log import (
    CONCLUDED,
    EDITED,
    INVALIDATED,
    PATTERN_NAMED,
    REDONE,
    UNDONE,
    VALIDATED,
    ReviewLog,
    after,
    fold,
    review_subject,
)
from appliance.exam.revision_messages import RevisionMessages
from appliance.exam.seen_pictures import SeenPictures, unseen_by
from appliance.ports import ExamMessage, ExamStore, Journal

LONGEST_CONCLUSION = 10_000


class ReviewService:
    """Exams as reviewed, and what a reviewer does with them. Safe for calls from any thread.

    The state of a review is what its entries in the journal add up to; nothing else is stored, and the machine's answer
    is never written to. A verb names the revision its caller saw, and is refused with StaleError if somebody else has
    written since. Every verb but `validate` and `see` takes a validation back; the entry records it.

    Args:
        publication: sends each validated exam as a revision; None where nothing is sent from here.
    """

    def __init__(self, store: ExamStore, journal: Journal, publication: RevisionMessages | None = None) -> None:
        self._store = store
        self._journal = journal
        self._publication = publication
        self._seen = SeenPictures(journal)

    def reviewed(self, exam_id: str) -> ReviewedExam:
        """The exam as it stands now. Raises NotKeptError if there is no such exam."""
        return self.reviewed_with_log(exam_id)[0]

    def reviewed_with_log(self, exam_id: str) -> tuple[ReviewedExam, ReviewLog]:
        """As `reviewed`, and the log it was made from: what is shown and the revision to name are of one moment."""
        exam, log = self._store.exam(exam_id), self.log(exam_id)
        return reviewed_as(exam, log), log

    def log(self, exam_id: str) -> ReviewLog:
        """What was done so far; its `revision` is what verbs about the whole exam have to name."""
        return fold(self._journal.entries(review_subject(exam_id)))

    def image(self, exam_id: str, image_id: str) -> ImageReview:
        """One image; its `log.revision` is what verbs about it have to name. Raises NotKeptError."""
        exam = self._store.exam(exam_id)
        log = self.log(exam_id).image(image_id)
        return review_image(_find(exam, image_id), log, exam.counts_ramified_giants)

    def history(self, exam_id: str, image_id: str | None = None) -> tuple[JournalEntry, ...]:
        """Everything written about the exam, or about one image of it, oldest first."""
        entries = self._journal.entries(review_subject(exam_id))
        return tuple(one for one in entries if image_id is None or one.detail.get("image_id") == image_id)

    def edit(self, exam_id: str, image_id: str, edit: ImageEdit, actor: str, revision: int) -> ImageReview:
        """Change one image.

        Raises:
            ExamError: the exam is not finished, or the edit does not fit what is there.
            StaleError: somebody else changed the image since `revision`.
            NotKeptError: there is no such exam, image or finding.
        """
        image, log = self._image_for_change(exam_id, image_id, revision)
        before = review_image(image, log.image(image_id))
        mine = log.image(image_id)
        after = review_image(image, replace(mine, done=(*mine.done, edit), undone=()))
        _require_another_loop(before, edit)
        _require_measured_or_meant(after, edit)
        detail = {"edit": edit_to_json(edit), **_difference(before, after, edit)}
        return self._write(exam_id, image, log, actor, EDITED, detail)

    def undo(self, exam_id: str, image_id: str, actor: str, revision: int) -> ImageReview:
        """Take the image's newest edit back. Raises as `edit` does."""
        image, log = self._image_for_change(exam_id, image_id, revision)
        mine = log.image(image_id)
        if not mine.done:
            raise ExamError("there is nothing to undo in this image", "It is as the machine found it.")
        taken = mine.done[-1]
        before = review_image(image, mine)
        after = review_image(image, replace(mine, done=mine.done[:-1]))
        detail = {"edit": edit_to_json(taken), **_difference(before, after, taken)}
        return self._write(exam_id, image, log, actor, UNDONE, detail)

    def redo(self, exam_id: str, image_id: str, actor: str, revision: int) -> ImageReview:
        """Bring back what was undone last; possible until the next edit. Raises as `edit` does."""
        image, log = self._image_for_change(exam_id, image_id, revision)
        mine = log.image(image_id)
        if not mine.undone:
            raise ExamError("there is nothing to bring back in this image", "Make the change again.")
        brought = mine.undone[-1]
        before = review_image(image, mine)
        after = review_image(image, replace(mine, done=(*mine.done, brought)))
        detail = {"edit": edit_to_json(brought), **_difference(before, after, brought)}
        return self._write(exam_id, image, log, actor, REDONE, detail)

    def conclude(self, exam_id: str, text: str, actor: str, revision: int) -> ReviewedExam:
        """Write the physician's own words for the report; empty removes them. Raises as `edit` does.

        Words that stand already change nothing and take no validation back; so with a pattern that is named again.
        """
        if len(text) > LONGEST_CONCLUSION:
            raise ExamError(f"the conclusion has {len(text)} characters", f"Shorten it to {LONGEST_CONCLUSION}.")
        exam, log = self._for_change(exam_id, revision)
        if text.strip() == log.conclusion:
            return reviewed_as(exam, log)
        self._append(exam_id, log, actor, CONCLUDED, {"text": text.strip(), "before": log.conclusion})
        return reviewed_as(exam, self.log(exam_id))

    def name_pattern(self, exam_id: str, pattern: NailfoldPattern | None, actor: str, revision: int) -> ReviewedExam:
        """Say which pattern the exam shows; None takes it back. Raises as `edit` does."""
        exam, log = self._for_change(exam_id, revision)
        if pattern is log.pattern:
            return reviewed_as(exam, log)
        detail = {"pattern": pattern and pattern.value, "before": log.pattern and log.pattern.value}
        self._append(exam_id, log, actor, PATTERN_NAMED, detail)
        return reviewed_as(exam, self.log(exam_id))

    def seen_by(self, exam_id: str) -> Mapping[str, str]:
        """Image id to the account that last viewed the picture as it stands; see SeenPictures."""
        return self._seen.by(exam_id, self.log(exam_id))

    def see(self, exam_id: str, image_id: str, actor: str) -> None:
        """The actor has seen a picture of a finished exam as it is. Takes no validation back."""
        _find(self._require_finished(exam_id), image_id)
        self._seen.mark(exam_id, image_id, actor, self.log(exam_id))

    def validate(self, exam_id: str, actor: str, revision: int, *, accepts_unseen: bool = False) -> ReviewedExam:
        """The physician vouches for the exam as it is at `revision`; published anew if it was before, both or neither.

        Args:
            accepts_unseen: also where the actor has not seen every picture that enters the figures; which ones is then
                part of the entry, and said wherever the validation is.

        Raises as `edit` does, ExamError where pictures were not seen, and ExportError for a result that does not fit
        its format.
        """
        exam, log = self._for_change(exam_id, revision)
        if log.validated_by is not None:
            raise ExamError(f"the exam was validated by {log.validated_by}", "Nothing has changed since.")
        reviewed = reviewed_as(exam, log)
        unseen = unseen_by(actor, reviewed, self._seen.by(exam_id, log))
        if unseen and not accepts_unseen:
            entering = sum(one.enters for one in reviewed.images)
            raise ExamError(
                f"you have not seen {len(unseen)} of {counted(entering, 'picture')}",
                "Look at them, or say that you validate without.",
            )
        detail: dict[str, Any] = {
            "edited_images": sum(image.is_edited for image in reviewed.images),
            "excluded_images": sum(image.not_evaluable_because is not None for image in reviewed.images),
        }
        if unseen:
            detail["unseen"] = list(unseen)
        publication = self._publication
        message = None if publication is None else publication.message(reviewed, log.revisions + 1)
        if message is not None:
            detail["msg_id"] = message.message.msg_id
        self._append(exam_id, log, actor, VALIDATED, detail, message)
        return reviewed_as(exam, self.log(exam_id))

    def invalidate(self, exam_id: str, reason: str, actor: str, revision: int) -> ReviewedExam:
        """Take the validation back for a reason. Raises as `edit` does."""
        exam, log = self._for_change(exam_id, revision)
        if log.validated_by is None:
            raise ExamError("the exam is not validated", "There is nothing to take back.")
        self._append(exam_id, log, actor, INVALIDATED, {"reason": reason.strip()})
        return reviewed_as(exam, self.log(exam_id))

    def _image_for_change(self, exam_id: str, image_id: str, revision: int) -> tuple[CapturedImage, ReviewLog]:
        exam, log = self._require_finished(exam_id), self.log(exam_id)
        image = _find(exam, image_id)
        _require_seen(log.image(image_id).revision, revision, self._journal)
        return image, log

    def _for_change(self, exam_id: str, revision: int) -> tuple[Exam, ReviewLog]:
        exam, log = self._require_finished(exam_id), self.log(exam_id)
        _require_seen(log.revision, revision, self._journal)
        return exam, log

    def _require_finished(self, exam_id: str) -> Exam:
        exam = self._store.exam(exam_id)
        self._store.require_pictures(exam_id)
        if exam.state is not ExamState.FINISHED:
            raise ExamError(
                f"the exam is {exam.state.value} and cannot be reviewed", "Finish it on the live page first."
            )
        return exam

    def _write(
        self, exam_id: str, image: CapturedImage, log: ReviewLog, actor: str, action: str, detail: dict[str, Any]
    ) -> ImageReview:
        self._append(exam_id, log, actor, action, {"image_id": image.image_id, **detail})
        return self.image(exam_id, image.image_id)

    def _append(
        self,
        exam_id: str,
        log: ReviewLog,
        actor: str,
        action: str,
        detail: dict[str, Any],
        publishes: ExamMessage | None = None,
    ) -> None:
        if log.validated_by is not None and action != VALIDATED:
            detail = {**detail, "invalidates": log.validated_by}
            publishes = self.withdrawal(exam_id, log, action, detail, actor)
            if publishes is not None:
                detail["msg_id"] = publishes.message.msg_id
        subject = review_subject(exam_id)
        self._journal.append(actor, subject, action, detail, follows=log.revision, publishes=publishes)
        if publishes is not None and self._publication is not None:
            self._publication.wake()

    def withdrawal(
        self, exam_id: str, log: ReviewLog, action: str, detail: JsonObject, actor: str
    ) -> ExamMessage | None:
        """The revision by which receivers learn that a validated exam no longer is, to be queued with the act's entry.

        None where it was not validated, or nothing about it was sent from here.
        """
        if self._publication is None or log.validated_by is None:
            return None
        reviewed = reviewed_as(self._store.exam(exam_id), after(log, action, detail, actor))
        return self._publication.message(reviewed, log.revisions + 1, is_validated=False)


def reviewed_as(exam: Exam, log: ReviewLog) -> ReviewedExam:
    """The exam with what the log says of it."""
    return ReviewedExam(
        exam=exam,
        images=tuple(
            reviewed_image(image, log.image(image.image_id), exam.counts_ramified_giants) for image in exam.images
        ),
        conclusion=log.conclusion,
        pattern=log.pattern,
        validated_by=log.validated_by,
        validated_at_utc=log.validated_at_utc,
        unseen=log.unseen,
    )


def _require_another_loop(before: ImageReview, edit: ImageEdit) -> None:
    """Raise ExamError for a loop drawn where one is: two boxes on one loop would count it twice."""
    if not isinstance(edit, AddCapillary | ChangeBox):
        return
    others = [one for one in before.findings.capillaries if one.finding_id != edit.finding_id]
    is_loop = isinstance(edit, AddCapillary) or len(others) < len(before.findings.capillaries)
    if is_loop and is_drawn_twice(edit.box, [one.capillary.bbox for one in others]):
        raise ExamError("there is a capillary at this place already", "Change its box; one loop is counted once.")


def _require_measured_or_meant(after: ImageReview, edit: ImageEdit) -> None:
    """Raise ExamError for a class that the loop's own width contradicts and that was not said on purpose."""
    if not isinstance(edit, SetMorphology | SetSize) or edit.against_measurement:
        return
    one = next((one for one in after.findings.capillaries if one.finding_id == edit.finding_id), None)
    measured = None if one is None else contradicted_class(one, after.reviewed.analysis.um_per_px)
    if one is not None and measured is not None and (widest_um := one.capillary.widest_um) is not None:
        decimals = width_decimals(widest_um, after.reviewed.analysis.um_per_px)
        raise ExamError(
            f"the loop measures {digits(widest_um, decimals)} µm, so its calibre is {measured.value}",
            "Measure it again, or class it against the measurement on purpose.",
        )


def _difference(before: ImageReview, after: ImageReview, edit: ImageEdit) -> dict[str, Any]:
    """What the history shows: the finding and the image's density before and after."""
    finding_id = getattr(edit, "finding_id", None)
    return {
        "before": finding_summary(before, finding_id),
        "after": finding_summary(after, finding_id),
        "density_before": before.reviewed.analysis.metrics.density_per_mm,
        "density_after": after.reviewed.analysis.metrics.density_per_mm,
    }


def _find(exam: Exam, image_id: str) -> CapturedImage:
    for image in exam.images:
        if image.image_id == image_id:
            return image
    raise NotKeptError(f"there is no image {image_id} in exam {exam.exam_id}", "Choose one from the exam.")


def _require_seen(current: int, seen: int, journal: Journal) -> None:
    if current == seen:
        return
    newest = journal.entries(before_seq=current + 1, limit=1)
    who = newest[0].actor if newest else "somebody else"
    raise StaleError(
        f"{who} changed this in the meantime", "The newer state is shown now; look at it, then make your change again."
    )
