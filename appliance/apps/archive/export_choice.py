"""Which exams `nailfold export` exports, by the names that the pages show."""

from dataclasses import dataclass

from appliance.domain.errors import ExportError
from appliance.domain.exam_search import ExamQuery
from appliance.domain.folder import FolderTree
from appliance.exports.selection import exams_found, exams_of_collection
from appliance.foreign_files.names import same_name
from appliance.ports import CollectionStore
from appliance.storage.open_storage import Storage


@dataclass(frozen=True)
class ExportChoice:
    """One of these.

    Attributes:
        exam_ids: named one by one.
        project: with every folder in it.
        folder: its path from the project down, "Lupus study/Visit 1", with every folder in it.
        collection: the exams that its pictures are of.
    """

    exam_ids: tuple[str, ...] = ()
    project: str | None = None
    folder: str | None = None
    collection: str | None = None

    def __post_init__(self) -> None:
        chosen = [one for one in (self.exam_ids, self.project, self.folder, self.collection) if one]
        if len(chosen) != 1:
            raise ExportError(
                f"{len(chosen)} choices of what to export",
                "Name exams, --project, --folder or --collection: one of them.",
            )

    def resolve(self, kept: Storage) -> tuple[str, ...]:
        """The exams' ids. Raises ExportError where the name is unknown or holds no finished exam."""
        if self.exam_ids:
            return self.exam_ids
        if self.collection is not None:
            collection_id = _collection_id(kept.collections, self.collection)
            return exams_of_collection(kept.collections, kept.exams, collection_id)
        path = self.project if self.folder is None else self.folder
        assert path is not None
        steps = [path] if self.folder is None else path.split("/")
        query = ExamQuery(folder_id=_folder_id(FolderTree(kept.folders.folders()), steps))
        return exams_found(kept.finder, query)


def _folder_id(tree: FolderTree, steps: list[str]) -> str:
    at: str | None = None
    for step in steps:
        there = {same_name(one.name): one.folder_id for one in tree.children(at)}
        at = there.get(same_name(step.strip()))
        if at is None:
            names = ", ".join(sorted(one.name for one in tree.children(None))) or "none"
            raise ExportError(
                f"there is no folder {'/'.join(steps)!r}", f"Write it as Project/Folder; projects: {names}."
            )
    assert at is not None
    return at


def _collection_id(collections: CollectionStore, name: str) -> str:
    known = collections.collections(is_archived=None)
    for one in known:
        if same_name(name) == same_name(one.name):
            return one.collection_id
    names = ", ".join(sorted(one.name for one in known)) or "none"
    raise ExportError(f"there is no collection {name!r}", f"Collections: {names}.")
