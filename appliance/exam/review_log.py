"""The journal's entries of one exam's review, folded: what was done, undone, said and validated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from appliance.domain.errors import StoreError
from appliance.domain.journal import JournalEntry
from appliance.domain.json_value import Json, JsonObject
from appliance.domain.pattern import NailfoldPattern
from appliance.domain.review_edits import ImageEdit, edit_from_json

EDITED = "review.edited"
UNDONE = "review.undone"
REDONE = "review.redone"
CONCLUDED = "review.concluded"
PATTERN_NAMED = "review.pattern_named"
VALIDATED = "review.validated"
INVALIDATED = "review.invalidated"
REOPENED = "review.reopened"
"""The exam was opened again for further pictures."""
FACTS_STATED = "review.facts_stated"
"""Facts of the report were stated anew under a validation, which takes it back; they have a subject of their own."""


def review_subject(exam_id: str) -> str:
    """What the journal calls the review of an exam."""
    return f"review:{exam_id}"


@dataclass(frozen=True)
class ImageLog:
    """What was done to one image.

    Attributes:
        done: the edits that stand, oldest first.
        undone: what redo would bring back, the next one last.
        revision: seq of the newest entry about this image; 0 without any.
        edited_by: the account of that entry.
    """

    done: tuple[ImageEdit, ...] = ()
    undone: tuple[ImageEdit, ...] = ()
    revision: int = 0
    edited_by: str = ""


@dataclass(frozen=True)
class ReviewLog:
    """What was done to one exam.

    Attributes:
        images: by image id; images that nobody touched are absent.
        pattern: as the physician named it last; None where it was not said.
        revision: seq of the newest entry about the exam; 0 without any.
        validated_by, validated_at_utc: None unless the exam is validated as it now is.
        validations: how often it was validated; each but an unchanged one was published as a revision.
        unseen: ids of the pictures that entered the figures and that who validated had not seen; empty with None.
        reopenings: how often it was opened again; each led to a revision when it was finished anew.
        settled: ids of the images that it had when it was opened again last.
        withdrawals: how often a validation was taken back with a revision that says so.
    """

    images: Mapping[str, ImageLog] = field(default_factory=dict)
    conclusion: str = ""
    pattern: NailfoldPattern | None = None
    revision: int = 0
    validated_by: str | None = None
    validated_at_utc: datetime | None = None
    validations: int = 0
    unseen: tuple[str, ...] = ()
    reopenings: int = 0
    settled: frozenset[str] = frozenset()
    withdrawals: int = 0

    @property
    def revisions(self) -> int:
        """How many messages followed, or will have followed, the one of the first finish."""
        return self.validations + self.reopenings + self.withdrawals

    def image(self, image_id: str) -> ImageLog:
        return self.images.get(image_id, ImageLog())


def fold(entries: Iterable[JournalEntry]) -> ReviewLog:
    """The state after all entries, oldest first.

    Raises:
        StoreError: an entry is none that this software writes.
    """
    log = ReviewLog()
    for entry in entries:
        try:
            log = replace(_after(log, entry), revision=entry.seq)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise StoreError(
                f"could not read entry {entry.seq} of the journal: {error!r}",
                "Run `nailfold journal verify`, and keep the database for the investigation.",
            ) from error
    return log


def after(log: ReviewLog, action: str, detail: JsonObject, actor: str) -> ReviewLog:
    """The state that an act leads to, before it is written."""
    unwritten = datetime.min.replace(tzinfo=timezone.utc)
    return _after(log, JournalEntry(log.revision + 1, unwritten, actor, "", action, detail, "", ""))


def _after(log: ReviewLog, entry: JournalEntry) -> ReviewLog:
    if entry.action == VALIDATED:
        return _validated(log, entry)
    # Whatever else is written about a review changes it.
    withdrawals = log.withdrawals + ("msg_id" in entry.detail)
    log = replace(log, validated_by=None, validated_at_utc=None, unseen=(), withdrawals=withdrawals)
    if entry.action in (INVALIDATED, FACTS_STATED):
        return log
    if entry.action == REOPENED:
        settled = frozenset(_texts(entry.detail["image_ids"]))
        return replace(log, reopenings=log.reopenings + 1, settled=settled)
    if entry.action == CONCLUDED:
        return replace(log, conclusion=str(entry.detail["text"]))
    if entry.action == PATTERN_NAMED:
        named = entry.detail["pattern"]
        return replace(log, pattern=None if named is None else NailfoldPattern(named))
    image_id = str(entry.detail["image_id"])
    image = replace(_step(log.image(image_id), entry.action, entry.detail), revision=entry.seq, edited_by=entry.actor)
    return replace(log, images={**log.images, image_id: image})


def _validated(log: ReviewLog, entry: JournalEntry) -> ReviewLog:
    return replace(
        log,
        validated_by=entry.actor,
        validated_at_utc=entry.at_utc,
        validations=log.validations + 1,
        unseen=_texts(entry.detail.get("unseen", ())),
    )


def _texts(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is no list")
    return tuple(str(one) for one in value)


def _step(image: ImageLog, action: str, detail: Mapping[str, Any]) -> ImageLog:
    if action == EDITED:
        return replace(image, done=(*image.done, edit_from_json(detail["edit"])), undone=())
    if action == UNDONE:
        return replace(image, done=image.done[:-1], undone=(*image.undone, image.done[-1]))
    if action == REDONE:
        return replace(image, done=(*image.done, image.undone[-1]), undone=image.undone[:-1])
    raise ValueError(f"unknown action {action}")
