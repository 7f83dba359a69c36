"""Pictures of several exams, gathered for research."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.errors import ExamError
from appliance.domain.exam import Placement
from appliance.domain.folder import require_name


@dataclass(frozen=True)
class CollectedImage:
    """One picture of a collection, with what a list of them shows."""

    exam_id: str
    image_id: str
    patient_pseudonym: str
    placement: Placement
    captured_at_utc: datetime


@dataclass(frozen=True)
class ImageCollection:
    """A named set of pictures; each is in it at most once.

    Attributes:
        collection_id: UUIDv7 text.
        note: what it is for; empty where nobody wrote it.
        image_count: how many pictures it holds.
        is_archived: out of the everyday lists; nothing is deleted.
    """

    collection_id: str
    name: str
    created_at_utc: datetime
    note: str = ""
    image_count: int = 0
    is_archived: bool = False


def require_collection_name(collection: ImageCollection, others: Iterable[ImageCollection]) -> None:
    """Raise ExamError where its name is empty, too long or another one's."""
    require_name(collection.name)
    for other in others:
        is_same = other.name.casefold() == collection.name.casefold()
        if is_same and other.collection_id != collection.collection_id:
            raise ExamError(f"there is a {collection.name!r} already", "Choose another name; it may be archived.")
