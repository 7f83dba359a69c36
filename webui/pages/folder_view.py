"""Projects and folders as pages draw them."""

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.domain.folder import Folder, FolderTree
from appliance.ports import FolderStore


@dataclass(frozen=True)
class FolderRow:
    """One line of the tree.

    Attributes:
        depth: 0 for a project.
        path: its name and those above it, "Raynaud / Controls".
        exams: in it and all below it, archived ones aside.
    """

    folder: Folder
    depth: int
    path: str
    exams: int


class FolderView:
    """All folders as they are now: what the everyday lists show, what is archived, and the name of each."""

    def __init__(self, store: FolderStore) -> None:
        self.tree = FolderTree(store.folders())
        self._counts = store.exam_counts()
        self.unfiled = self._counts.get(None, 0)
        self.rows = tuple(self._rows(None, 0))
        self.archived = tuple(self._row(folder, 0) for folder in self.tree.by_id.values() if folder.is_archived)

    def path(self, folder_id: str | None) -> str:
        """Of an exam's folder; empty for none."""
        if folder_id is None:
            return ""
        return " / ".join(folder.name for folder in self.tree.path(folder_id))

    def _rows(self, parent_id: str | None, depth: int) -> Iterator[FolderRow]:
        for folder in self.tree.children(parent_id):
            if not folder.is_archived:
                yield self._row(folder, depth)
                yield from self._rows(folder.folder_id, depth + 1)

    def _row(self, folder: Folder, depth: int) -> FolderRow:
        exams = sum(self._counts.get(folder_id, 0) for folder_id in self.tree.below(folder.folder_id))
        return FolderRow(folder, depth, self.path(folder.folder_id), exams)
