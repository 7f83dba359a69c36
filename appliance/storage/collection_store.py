"""Image collections in SQLite."""

from collections.abc import Sequence
from datetime import datetime

import uuid_utils

from appliance.domain.collection import CollectedImage, ImageCollection, require_collection_name
from appliance.domain.errors import NotKeptError
from appliance.domain.instant import from_rfc3339
from appliance.storage.database import Database, Row, Value, utc_text
from appliance.storage.exam_rows import placement_from

_COLLECTIONS = """
    SELECT collections.*, count(images.image_id) AS image_count FROM collections
    LEFT JOIN collected_images USING (collection_id)
    LEFT JOIN images ON images.image_id = collected_images.image_id AND is_removed = 0
    WHERE {where} GROUP BY collections.number ORDER BY collections.number DESC"""
_IMAGES = """
    SELECT images.image_id, exam_id, hand, finger, sector, captured_at, patient_pseudonym FROM collected_images
    JOIN images USING (image_id) JOIN exams USING (exam_id)
    WHERE collection_id = ? AND is_removed = 0 ORDER BY collected_images.number LIMIT ? OFFSET ?"""


class SqliteCollectionStore:
    """The CollectionStore of the device; see the port for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collections(self, is_archived: bool | None = False) -> tuple[ImageCollection, ...]:
        if is_archived is None:
            return self._select("1", ())
        return self._select("is_archived = ?", (int(is_archived),))

    def collection(self, collection_id: str) -> ImageCollection:
        found = self._select("collections.collection_id = ?", (collection_id,))
        if not found:
            raise NotKeptError(f"there is no collection {collection_id}", "Choose one from the list.")
        return found[0]

    def add_collection(self, name: str, now_utc: datetime, note: str = "") -> ImageCollection:
        collection = ImageCollection(str(uuid_utils.uuid7()), name.strip(), now_utc, note)
        with self._database.transaction("make the collection") as connection:
            require_collection_name(collection, self.collections(is_archived=None))
            connection.execute(
                "INSERT INTO collections (collection_id, name, note, created_at) VALUES (?, ?, ?, ?)",
                (collection.collection_id, collection.name, note, utc_text(now_utc)),
            )
        return collection

    def change_collection(self, collection: ImageCollection) -> ImageCollection:
        with self._database.transaction("change the collection") as connection:
            before = self.collection(collection.collection_id)
            require_collection_name(collection, self.collections(is_archived=None))
            connection.execute(
                "UPDATE collections SET name = ?, note = ?, is_archived = ? WHERE collection_id = ?",
                (collection.name, collection.note, int(collection.is_archived), collection.collection_id),
            )
        return before

    def images(self, collection_id: str, limit: int | None = None, offset: int = 0) -> tuple[CollectedImage, ...]:
        self.collection(collection_id)
        values = (collection_id, -1 if limit is None else limit, offset)
        rows = self._database.rows("read the collection", _IMAGES, values)
        return tuple(_image(row) for row in rows)

    def add_images(self, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        added = []
        with self._database.transaction("add to the collection") as connection:
            self.collection(collection_id)
            for image_id in image_ids:
                sql = "SELECT 1 FROM images WHERE image_id = ? AND is_removed = 0"
                if connection.execute(sql, (image_id,)).fetchone() is None:
                    raise NotKeptError(f"there is no image {image_id}", "Reload the page.")
                sql = "INSERT OR IGNORE INTO collected_images (collection_id, image_id) VALUES (?, ?)"
                if connection.execute(sql, (collection_id, image_id)).rowcount == 1:
                    added.append(image_id)
        return tuple(added)

    def remove_images(self, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        removed = []
        with self._database.transaction("take out of the collection") as connection:
            self.collection(collection_id)
            for image_id in image_ids:
                sql = "DELETE FROM collected_images WHERE collection_id = ? AND image_id = ?"
                if connection.execute(sql, (collection_id, image_id)).rowcount == 1:
                    removed.append(image_id)
        return tuple(removed)

    def _select(self, where: str, values: tuple[Value, ...]) -> tuple[ImageCollection, ...]:
        rows = self._database.rows("list the collections", _COLLECTIONS.format(where=where), values)
        return tuple(_collection(row) for row in rows)


def _collection(row: Row) -> ImageCollection:
    return ImageCollection(
        collection_id=row["collection_id"],
        name=row["name"],
        created_at_utc=from_rfc3339(row["created_at"]),
        note=row["note"],
        image_count=int(row["image_count"]),
        is_archived=bool(row["is_archived"]),
    )


def _image(row: Row) -> CollectedImage:
    return CollectedImage(
        exam_id=row["exam_id"],
        image_id=row["image_id"],
        patient_pseudonym=row["patient_pseudonym"],
        placement=placement_from(row),
        captured_at_utc=from_rfc3339(row["captured_at"]),
    )
