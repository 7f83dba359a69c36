"""A review as the page reads it: plain JSON types."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel, Field

from appliance.analysis.picture_digits import picture_decimals
from appliance.analysis.recorded_analysis import image_document_of
from appliance.domain.journal import JournalCheck, JournalEntry
from appliance.domain.pattern import NailfoldPattern
from appliance.domain.review import ReviewedExam
from appliance.exam.image_review import ImageReview, origins_of
from appliance.exam.review_log import ReviewLog
from webui.documents.instant import Instant

Json = dict[str, Any]


class ImageReviewAnswer(BaseModel):
    """One image as it stands, beside the machine's first answer."""

    exam_id: str
    image_id: str
    revision: int = Field(description="What the next change of this image has to name")
    exam_revision: int = Field(description="What the next change of the whole exam has to name")
    analysis: Json = Field(description="Image entry of nailfold.analysis/1 after the edits")
    machine: Json = Field(description="The same as the machine first answered it")
    capillaries: list[Json] = Field(
        description="Of each of the analysis's capillaries: its name, what a person decided"
    )
    haemorrhages: list[Json] = Field(description="Of each of the analysis's haemorrhages: its name")
    comment: str
    not_evaluable_because: str | None
    counts: bool = Field(description="Whether the image enters the exam's figures")
    is_edited: bool
    decimals: dict[str, int] = Field(description="Of each metric: the digits that its uncertainty carries")
    can_undo: bool
    can_redo: bool
    next_finding_id: str = Field(description="A name that a new finding can have")
    validated_by: str | None = Field(description="The account")
    validated_by_name: str | None = Field(description="Its full name")


class ExamReviewAnswer(BaseModel):
    """How far the review of an exam is."""

    exam_id: str
    revision: int
    conclusion: str
    pattern: NailfoldPattern | None
    validated_by: str | None
    validated_at_utc: Instant | None
    images: list[Json] = Field(
        description="Of each image: whether it counts, is edited, excluded and why, comment, metrics if it counts"
    )


class SeenAnswer(BaseModel):
    """Who last viewed each picture as it stands."""

    seen_by: dict[str, str] = Field(description="Image id to account; pictures that nobody has seen are absent")


class EntryAnswer(BaseModel):
    """One line of the journal."""

    seq: int
    at_utc: Instant
    actor: str
    subject: str
    action: str
    detail: Json
    hash: str


class HistoryAnswer(BaseModel):
    """Lines of the journal, oldest first."""

    entries: list[EntryAnswer]
    names: dict[str, str] = Field(description="Account to full name, of everybody who appears in the entries")


class CheckAnswer(BaseModel):
    """Whether the journal is as it was written."""

    is_intact: bool
    entries: int
    broken_seq: int | None = Field(description="The first entry that is missing, changed or out of its chain")
    reason: str
    head_seq: int | None
    head_hash: str | None


def image_review_document(
    exam_id: str, review: ImageReview, log: ReviewLog, full_name: Callable[[str], str]
) -> ImageReviewAnswer:
    """One image for the review page."""
    reviewed, findings = review.reviewed, review.findings
    return ImageReviewAnswer(
        exam_id=exam_id,
        image_id=reviewed.image.image_id,
        revision=review.log.revision,
        exam_revision=log.revision,
        analysis=image_document_of(reviewed.recorded),
        machine=image_document_of(reviewed.image.recorded),
        capillaries=origins_of(review),
        haemorrhages=[
            {"finding_id": one.finding_id, "is_drawn": one.finding_id.startswith("p")} for one in findings.haemorrhages
        ],
        comment=reviewed.comment,
        not_evaluable_because=reviewed.not_evaluable_because,
        counts=reviewed.counts,
        is_edited=reviewed.is_edited,
        decimals=dict(picture_decimals(reviewed)),
        can_undo=bool(review.log.done),
        can_redo=bool(review.log.undone),
        next_finding_id=_free_name(findings.used_ids),
        validated_by=log.validated_by,
        validated_by_name=None if log.validated_by is None else full_name(log.validated_by),
    )


def exam_review_document(reviewed: ReviewedExam, log: ReviewLog) -> ExamReviewAnswer:
    """The whole exam, without its findings."""
    return ExamReviewAnswer(
        exam_id=reviewed.exam.exam_id,
        revision=log.revision,
        conclusion=reviewed.conclusion,
        pattern=reviewed.pattern,
        validated_by=reviewed.validated_by,
        validated_at_utc=reviewed.validated_at_utc,
        images=[
            {
                "image_id": one.image.image_id,
                "counts": one.counts,
                "is_edited": one.is_edited,
                "not_evaluable_because": one.not_evaluable_because,
                "comment": one.comment,
                "metrics": image_document_of(one.recorded)["metrics"] if one.counts else None,
            }
            for one in reviewed.images
        ],
    )


def history_document(entries: Iterable[JournalEntry], full_name: Callable[[str], str]) -> HistoryAnswer:
    """Lines of the journal and the names of those who wrote them, or whose validation they took back."""
    found = list(entries)
    people = {one.actor for one in found} | {str(one.detail.get("invalidates", "")) for one in found}
    names = {account: full_name(account) for account in sorted(people) if account}
    return HistoryAnswer(entries=[entry_document(one) for one in found], names=names)


def entry_document(entry: JournalEntry) -> EntryAnswer:
    """One line of the journal."""
    return EntryAnswer(
        seq=entry.seq,
        at_utc=entry.at_utc,
        actor=entry.actor,
        subject=entry.subject,
        action=entry.action,
        detail=dict(entry.detail),
        hash=entry.hash,
    )


def check_document(check: JournalCheck) -> CheckAnswer:
    """What a verification found."""
    return CheckAnswer(
        is_intact=check.is_intact,
        entries=check.entries,
        broken_seq=check.broken_seq,
        reason=check.reason,
        head_seq=None if check.head is None else check.head.seq,
        head_hash=None if check.head is None else check.head.hash,
    )


def _free_name(used: frozenset[str]) -> str:
    numbers = [int(name[1:]) for name in used if name[:1] == "p" and name[1:].isdigit()]
    return f"p{max(numbers, default=0) + 1}"
