"""Where a clinic files its exams: projects, and folders within them as deep as it likes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.domain.errors import ExamError

LONGEST_NAME = 80
DEEPEST = 8


@dataclass(frozen=True)
class Folder:
    """A project or a folder.

    Attributes:
        folder_id: UUIDv7 text.
        parent_id: None for a project.
        note: what the project is about; empty where nobody wrote it.
        is_archived: out of the everyday lists together with all below it; nothing is deleted.
    """

    folder_id: str
    name: str
    parent_id: str | None = None
    note: str = ""
    is_archived: bool = False

    @property
    def is_project(self) -> bool:
        return self.parent_id is None


class FolderTree:
    """All folders as a tree."""

    def __init__(self, folders: Iterable[Folder]) -> None:
        self.by_id: Mapping[str, Folder] = {folder.folder_id: folder for folder in folders}
        self._children: dict[str | None, list[Folder]] = {}
        for folder in sorted(self.by_id.values(), key=lambda folder: folder.name.casefold()):
            self._children.setdefault(folder.parent_id, []).append(folder)

    def children(self, parent_id: str | None) -> tuple[Folder, ...]:
        """Directly below, by name."""
        return tuple(self._children.get(parent_id, ()))

    def path(self, folder_id: str) -> tuple[Folder, ...]:
        """From the project down to that folder."""
        folder = self.by_id[folder_id]
        return (folder,) if folder.parent_id is None else (*self.path(folder.parent_id), folder)

    def below(self, folder_id: str) -> tuple[str, ...]:
        """That folder's id and those of all below it."""
        deeper = (found for child in self.children(folder_id) for found in self.below(child.folder_id))
        return (folder_id, *deeper)

    def height(self, folder_id: str) -> int:
        """1 for a folder without any below it."""
        return 1 + max((self.height(child.folder_id) for child in self.children(folder_id)), default=0)

    def require_place(self, folder: Folder) -> Folder:
        """The folder as it may be put, new or changed, beside those that are there.

        Raises:
            ExamError: the name is empty, too long or taken there; it would lie within itself or too deep.
        """
        require_name(folder.name)
        parent_id = folder.parent_id
        if parent_id is not None and folder.folder_id in {above.folder_id for above in self.path(parent_id)}:
            raise ExamError(f"could not move {folder.name!r}: it cannot lie within itself", "Choose another folder.")
        beside = [other for other in self.children(parent_id) if other.folder_id != folder.folder_id]
        if any(other.name.casefold() == folder.name.casefold() for other in beside):
            raise ExamError(f"there is a {folder.name!r} already", "Choose another name; it may be archived.")
        depth = 0 if parent_id is None else len(self.path(parent_id))
        height = self.height(folder.folder_id) if folder.folder_id in self.by_id else 1
        if depth + height > DEEPEST:
            raise ExamError(f"{folder.name!r} would lie {depth + height} deep", f"Folders go {DEEPEST} deep.")
        return folder


def require_name(name: str) -> None:
    """Raise ExamError for a name that is empty, too long or not printable."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ExamError(f"a name of {len(name)} characters was refused", f"Use 1 to {LONGEST_NAME} that can be read.")
