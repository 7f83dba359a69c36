"""Image collections without a disk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import uuid_utils

from appliance.domain.collection import CollectedImage, ImageCollection, require_collection_name
from appliance.domain.errors import NotKeptError
from appliance.domain.exam import CapturedImage, Exam
from appliance.storage.memory_store import MemoryExamStore


class MemoryCollectionStore:
    """The CollectionStore of a demonstration or a test; forgets everything with the process."""

    def __init__(self, store: MemoryExamStore) -> None:
        self._store = store
        self._collections: dict[str, ImageCollection] = store.database.table()
        self._members: dict[str, tuple[str, ...]] = store.database.table()

    def collections(self, is_archived: bool | None = False) -> tuple[ImageCollection, ...]:
        newest_first = [self.collection(collection_id) for collection_id in reversed(self._collections)]
        return tuple(one for one in newest_first if is_archived in (None, one.is_archived))

    def collection(self, collection_id: str) -> ImageCollection:
        if collection_id not in self._collections:
            raise NotKeptError(f"there is no collection {collection_id}", "Choose one from the list.")
        return replace(self._collections[collection_id], image_count=len(self._images(collection_id)))

    def add_collection(self, name: str, now_utc: datetime, note: str = "") -> ImageCollection:
        collection = ImageCollection(str(uuid_utils.uuid7()), name.strip(), now_utc, note)
        require_collection_name(collection, self._collections.values())
        self._collections[collection.collection_id] = collection
        self._members[collection.collection_id] = ()
        return collection

    def change_collection(self, collection: ImageCollection) -> ImageCollection:
        before = self.collection(collection.collection_id)
        require_collection_name(collection, self._collections.values())
        self._collections[collection.collection_id] = collection
        return before

    def images(self, collection_id: str, limit: int | None = None, offset: int = 0) -> tuple[CollectedImage, ...]:
        self.collection(collection_id)
        found = self._images(collection_id)[offset:]
        return tuple(found if limit is None else found[:limit])

    def add_images(self, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        self.collection(collection_id)
        for image_id in image_ids:
            if self._find(image_id) is None:
                raise NotKeptError(f"there is no image {image_id}", "Reload the page.")
        members = self._members[collection_id]
        added = [image_id for image_id in dict.fromkeys(image_ids) if image_id not in members]
        self._members[collection_id] = (*members, *added)
        return tuple(added)

    def remove_images(self, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        self.collection(collection_id)
        members = self._members[collection_id]
        removed = [image_id for image_id in dict.fromkeys(image_ids) if image_id in members]
        self._members[collection_id] = tuple(image_id for image_id in members if image_id not in removed)
        return tuple(removed)

    def _images(self, collection_id: str) -> list[CollectedImage]:
        found = [self._find(image_id) for image_id in self._members[collection_id]]
        return [_collected(*pair) for pair in found if pair is not None]

    def _find(self, image_id: str) -> tuple[Exam, CapturedImage] | None:
        for exam in self._store.whole_exams():
            if self._store.is_erased(exam.exam_id):
                continue
            for image in exam.images:
                if image.image_id == image_id:
                    return exam, image
        return None


def _collected(exam: Exam, image: CapturedImage) -> CollectedImage:
    pseudonym = exam.patient_pseudonym
    return CollectedImage(exam.exam_id, image.image_id, pseudonym, image.placement, image.captured_at_utc)
