"""What the verbs of an exam changed, so that each can be taken back and done again."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from appliance.domain.exam import CapturedImage, Exam, ImageKind, Placement, SkippedPlacement
from appliance.domain.exam_protocol import ExamProtocol
from appliance.ports import ExamStore


@dataclass(frozen=True)
class Step:
    """One change of an open exam.

    Attributes:
        placement: where it was made; selected again when the step is taken back.
        image: what was captured; None for a step that captured nothing.
        replaced: captures that made way for it.
        skipped: placements that were declared not evaluable.
        unskipped: former such declarations that the step made void.
    """

    placement: Placement
    image: CapturedImage | None = None
    replaced: tuple[CapturedImage, ...] = ()
    skipped: tuple[SkippedPlacement, ...] = ()
    unskipped: tuple[SkippedPlacement, ...] = ()


def steps_of(exam: Exam, settled: Collection[str] = ()) -> tuple[Step, ...]:
    """What can be taken back of an exam that was found open: its captures, newest last, but for the settled ones."""
    return tuple(Step(image.placement, image) for image in exam.images if image.image_id not in settled)


def take_back(store: ExamStore, exam: Exam, step: Step) -> Exam:
    """The exam without that step. Raises StoreError; the store is then as the exam says."""
    if step.image is not None:
        store.remove_image(exam.exam_id, step.image.image_id)
        exam = without_image(exam, step.image)
    for image in step.replaced:
        store.restore_image(exam.exam_id, image.image_id)
        exam = with_image(exam, image)
    for skipped in step.skipped:
        store.unskip_placement(exam.exam_id, skipped.placement)
        exam = without_skip(exam, skipped.placement)
    for skipped in step.unskipped:
        store.skip_placement(exam.exam_id, skipped)
        exam = with_skip(exam, skipped)
    return exam


def do_again(store: ExamStore, exam: Exam, step: Step) -> Exam:
    """The exam with a step that was taken back. Raises StoreError."""
    if step.image is not None:
        store.restore_image(exam.exam_id, step.image.image_id)
        exam = with_image(exam, step.image)
    for image in step.replaced:
        store.remove_image(exam.exam_id, image.image_id)
        exam = without_image(exam, image)
    for skipped in step.unskipped:
        store.unskip_placement(exam.exam_id, skipped.placement)
        exam = without_skip(exam, skipped.placement)
    for skipped in step.skipped:
        store.skip_placement(exam.exam_id, skipped)
        exam = with_skip(exam, skipped)
    return exam


def with_image(exam: Exam, image: CapturedImage) -> Exam:
    """In the order of capture, which UUIDv7 ids have."""
    return replace(exam, images=tuple(sorted((*exam.images, image), key=lambda one: one.image_id)))


def without_image(exam: Exam, image: CapturedImage) -> Exam:
    return replace(exam, images=tuple(one for one in exam.images if one.image_id != image.image_id))


def with_skip(exam: Exam, skipped: SkippedPlacement) -> Exam:
    return replace(exam, skipped=(*without_skip(exam, skipped.placement).skipped, skipped))


def without_skip(exam: Exam, placement: Placement) -> Exam:
    return replace(exam, skipped=tuple(one for one in exam.skipped if one.placement != placement))


def skips_at(exam: Exam, placements: Collection[Placement]) -> tuple[SkippedPlacement, ...]:
    """What was declared of those placements."""
    return tuple(one for one in exam.skipped if one.placement in placements)


def next_missing(protocol: ExamProtocol, exam: Exam, after: Placement) -> Placement:
    """The first placement behind `after` that has neither a still nor a reason why not, then the first at all.

    `after` itself stays where nothing is missing or the protocol does not know it: the operator went there on purpose.
    """
    if after not in protocol.placements:
        return after
    at = protocol.placements.index(after)
    done = {image.placement for image in exam.images if image.kind is ImageKind.STILL}
    done |= {skipped.placement for skipped in exam.skipped}
    ahead = (*protocol.placements[at + 1 :], *protocol.placements[:at])
    return next((placement for placement in ahead if placement not in done), after)
