"""An exam as the physician left it: the machine's first answer beside what was made of it."""

from dataclasses import dataclass
from datetime import datetime

from appliance.domain.analysis_result import ImageAnalysis, RecordedAnalysis
from appliance.domain.detection import Morphology
from appliance.domain.exam import CapturedImage, Exam
from appliance.domain.measurement import Capillary
from appliance.domain.pattern import NailfoldPattern


@dataclass(frozen=True)
class ReviewedImage:
    """One image after the physician's edits.

    Attributes:
        image: as captured; `image.recorded` stays the machine's first answer.
        recorded: the result after the edits, its metrics computed anew; the machine's own where nothing was edited.
        is_edited: whether a person changed a finding.
        comment: the physician's; empty where there is none.
        not_evaluable_because: why a person excluded the image from every figure; None where it counts. What the
            machine thinks is in `analysis.quality`.
        judged: places in `analysis.capillaries` of the loops whose shape, calibre or width a person decided.
        against_measurement: how many loops a person classed against their measured width.
        counts_ramified_giants: as the exam says.
    """

    image: CapturedImage
    recorded: RecordedAnalysis
    is_edited: bool = False
    comment: str = ""
    not_evaluable_because: str | None = None
    judged: frozenset[int] = frozenset()
    against_measurement: int = 0
    counts_ramified_giants: bool = True

    @property
    def analysis(self) -> ImageAnalysis:
        """The result after the edits, to the digits that are recorded."""
        return self.recorded.analysis

    def is_giant(self, loop: Capillary) -> bool:
        """Whether a loop of it counts as a giant by the exam's rule."""
        return loop.is_giant and (self.counts_ramified_giants or loop.morphology is not Morphology.RAMIFIED)

    @property
    def counts(self) -> bool:
        """Whether the picture has figures: neither the machine nor a person found it not evaluable."""
        return self.not_evaluable_because is None and self.analysis.quality.is_evaluable

    @property
    def enters(self) -> bool:
        """Whether it enters the figures of its finger and of the exam: a single image that counts."""
        return self.counts and self.image.is_single


@dataclass(frozen=True)
class ReviewedExam:
    """An exam with every image as reviewed.

    Attributes:
        exam: as captured.
        images: of `exam.images`, in their order.
        conclusion: the physician's own words for the report; empty where there are none.
        pattern: what the physician calls it (the edit that sets it is one of the review's); None where it was not said.
        validated_by: the account that validated the exam as it is now; None before, and again after a later edit.
        validated_at_utc: when; None with `validated_by`.
        unseen: ids of the pictures that entered the figures and that who validated had not seen, as was said then.
    """

    exam: Exam
    images: tuple[ReviewedImage, ...]
    conclusion: str = ""
    pattern: NailfoldPattern | None = None
    validated_by: str | None = None
    validated_at_utc: datetime | None = None
    unseen: tuple[str, ...] = ()


def unreviewed(exam: Exam) -> ReviewedExam:
    """The exam with the machine's answers alone."""
    rule = exam.counts_ramified_giants
    images = (ReviewedImage(image, image.recorded, counts_ramified_giants=rule) for image in exam.images)
    return ReviewedExam(exam, tuple(images))
