"""Projects and folders without a disk."""

from collections import Counter
from collections.abc import Mapping

import uuid_utils

from appliance.domain.errors import NotKeptError
from appliance.domain.exam import Exam
from appliance.domain.folder import Folder, FolderTree
from appliance.storage.memory_database import MemoryDatabase


class MemoryFolderStore:
    """The FolderStore of a demonstration or a test; forgets everything with the process.

    Args:
        exams: the exams of the store it belongs to, by id.
    """

    def __init__(self, exams: Mapping[str, Exam], database: MemoryDatabase) -> None:
        self._exams = exams
        self._folders: dict[str, Folder] = database.table()

    def folders(self) -> tuple[Folder, ...]:
        return tuple(self._folders.values())

    def add_folder(self, name: str, parent_id: str | None = None, note: str = "") -> Folder:
        folder = Folder(str(uuid_utils.uuid7()), name.strip(), parent_id, note)
        return self._put(folder)

    def change_folder(self, folder: Folder) -> Folder:
        before = self.require(folder.folder_id)
        self._put(folder)
        return before

    def exam_counts(self) -> Mapping[str | None, int]:
        return Counter(exam.folder_id for exam in tuple(self._exams.values()) if not exam.is_archived)

    def require(self, folder_id: str) -> Folder:
        """That folder. Raises NotKeptError if there is none."""
        if folder_id not in self._folders:
            raise NotKeptError(f"there is no folder {folder_id}", "Choose one from the list.")
        return self._folders[folder_id]

    def _put(self, folder: Folder) -> Folder:
        if folder.parent_id is not None:
            self.require(folder.parent_id)
        FolderTree(self.folders()).require_place(folder)
        self._folders[folder.folder_id] = folder
        return folder
