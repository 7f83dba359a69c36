"""Which exams a search or a collection stands for when all of it is exported."""

from dataclasses import replace

from appliance.domain.errors import ExportError
from appliance.domain.exam import ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.ports import CollectionStore, ExamFinder, ExamStore

MOST_EXAMS = 500
"""In one file: all of them are read before the first is written."""


def exams_found(finder: ExamFinder, query: ExamQuery) -> tuple[str, ...]:
    """Ids of every finished exam that is found, newest first; discarded ones only where the search asks for them.

    Raises:
        ExportError: none is found, an open one is asked for, or there are more than `MOST_EXAMS`.
        NotKeptError: there is no such folder.
    """
    if query.state is ExamState.OPEN:
        raise ExportError("an open exam cannot be exported", "Finish it first.")
    page = finder.search(replace(query, state=query.state or ExamState.FINISHED), MOST_EXAMS)
    return _limited(tuple(entry.exam.exam_id for entry in page.exams), page.total)


def exams_of_collection(collections: CollectionStore, store: ExamStore, collection_id: str) -> tuple[str, ...]:
    """Ids of the finished exams that a collection's pictures are of, in its order; each whole, for figures need it.

    Raises:
        ExportError: there is none, or there are more than `MOST_EXAMS`.
        NotKeptError: there is no such collection.
    """
    of_pictures = dict.fromkeys(image.exam_id for image in collections.images(collection_id))
    if len(of_pictures) > MOST_EXAMS:
        return _limited((), len(of_pictures))
    found = tuple(one for one in of_pictures if store.exam(one).state is not ExamState.OPEN)
    return _limited(found, len(found))


def _limited(exam_ids: tuple[str, ...], total: int) -> tuple[str, ...]:
    if total > MOST_EXAMS:
        raise ExportError(
            f"{total} exams do not go into one file", f"At most {MOST_EXAMS}: export by folder, or between two dates."
        )
    if not exam_ids:
        raise ExportError("there is no finished exam to export", "Finish one, or choose other conditions.")
    return exam_ids
