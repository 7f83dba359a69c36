"""Which pictures a person has seen: what "you have seen every picture" is checked against."""

from collections.abc import Mapping
from types import MappingProxyType

from appliance.domain.review import ReviewedExam
from appliance.exam.review_log import ReviewLog
from appliance.ports import Journal

SEEN = "review.seen"


class SeenPictures:
    """Marks in the journal. They have a subject of their own: who looks at a picture changes nothing of the review."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def by(self, exam_id: str, log: ReviewLog) -> Mapping[str, str]:
        """Image id to the account that last viewed the picture as it stands now: who marked it, or edited it since.

        Pictures that nobody has viewed are absent.
        """
        found = {image_id: one for image_id, one in log.images.items() if one.revision}
        seen = {image_id: (one.revision, one.edited_by) for image_id, one in found.items()}
        for entry in self._journal.entries(seen_subject(exam_id)):
            image_id = str(entry.detail["image_id"])
            if entry.seq > seen.get(image_id, (0, ""))[0]:
                seen[image_id] = (entry.seq, entry.actor)
        return MappingProxyType({image_id: actor for image_id, (_, actor) in seen.items()})

    def mark(self, exam_id: str, image_id: str, actor: str, log: ReviewLog) -> None:
        """The actor has seen this picture as it is; writes nothing where that is known."""
        if self.by(exam_id, log).get(image_id) != actor:
            self._journal.append(actor, seen_subject(exam_id), SEEN, {"image_id": image_id})


def unseen_by(actor: str, reviewed: ReviewedExam, seen: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the pictures that enter the figures and that this account has not seen as they are, in their order."""
    entering = (one.image.image_id for one in reviewed.images if one.enters)
    return tuple(image_id for image_id in entering if seen.get(image_id) != actor)


def seen_subject(exam_id: str) -> str:
    """What the journal calls the marks of an exam."""
    return f"seen:{exam_id}"
