"""Projects and folders in SQLite."""

from collections.abc import Mapping

import uuid_utils

from appliance.domain.errors import NotKeptError
from appliance.domain.folder import Folder, FolderTree
from appliance.storage.database import Database, Row


class SqliteFolderStore:
    """The FolderStore of the device; see the port for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def folders(self) -> tuple[Folder, ...]:
        rows = self._database.rows("list the folders", "SELECT * FROM folders ORDER BY number")
        return tuple(_folder(row) for row in rows)

    def add_folder(self, name: str, parent_id: str | None = None, note: str = "") -> Folder:
        folder = Folder(str(uuid_utils.uuid7()), name.strip(), parent_id, note)
        with self._database.transaction("make the folder") as connection:
            self._require_place(folder)
            connection.execute(
                "INSERT INTO folders (folder_id, parent_id, name, note) VALUES (?, ?, ?, ?)",
                (folder.folder_id, parent_id, folder.name, note),
            )
        return folder

    def change_folder(self, folder: Folder) -> Folder:
        with self._database.transaction("change the folder") as connection:
            before = self._require(folder.folder_id)
            self._require_place(folder)
            connection.execute(
                "UPDATE folders SET parent_id = ?, name = ?, note = ?, is_archived = ? WHERE folder_id = ?",
                (folder.parent_id, folder.name, folder.note, int(folder.is_archived), folder.folder_id),
            )
        return before

    def exam_counts(self) -> Mapping[str | None, int]:
        sql = "SELECT folder_id, count(*) AS n FROM exams WHERE is_archived = 0 GROUP BY folder_id"
        return {row["folder_id"]: int(row["n"]) for row in self._database.rows("count the exams", sql)}

    def _require(self, folder_id: str) -> Folder:
        rows = self._database.rows("find the folder", "SELECT * FROM folders WHERE folder_id = ?", (folder_id,))
        if not rows:
            raise NotKeptError(f"there is no folder {folder_id}", "Choose one from the list.")
        return _folder(rows[0])

    def _require_place(self, folder: Folder) -> None:
        if folder.parent_id is not None:
            self._require(folder.parent_id)
        FolderTree(self.folders()).require_place(folder)


def _folder(row: Row) -> Folder:
    return Folder(row["folder_id"], row["name"], row["parent_id"], row["note"], bool(row["is_archived"]))
