"""The search over exams in SQLite."""

import json
from collections.abc import Callable

from appliance.domain.errors import NotKeptError
from appliance.domain.exam import ExamState
from appliance.domain.exam_search import ExamEntry, ExamPage, ExamQuery
from appliance.domain.folder import FolderTree
from appliance.storage.database import Database, Row, Value, utc_text
from appliance.storage.exam_rows import exam_from
from appliance.storage.folder_store import SqliteFolderStore

# Whatever is written about a review after "review.validated" takes the validation back.
_IS_VALIDATED = """coalesce((SELECT action FROM journal WHERE subject = 'review:' || exams.exam_id
    ORDER BY seq DESC LIMIT 1) = 'review.validated', 0)"""
_IMAGES = "FROM images WHERE images.exam_id = exams.exam_id AND is_removed = 0"
# As CapturedImage.is_single says.
_SINGLE_IMAGES = f"{_IMAGES} AND kind = 'still' AND sector <> 'panoramic'"

Condition = tuple[str, tuple[Value, ...]]


class SqliteExamFinder:
    """The ExamFinder of the device; see the port for what it promises.

    Args:
        matching: the pseudonyms of patients whose record has every word of a text.
    """

    def __init__(self, database: Database, matching: Callable[[str], list[str]]) -> None:
        self._database = database
        self._matching = matching
        self._folders = SqliteFolderStore(database)

    def search(self, query: ExamQuery, limit: int = 50, offset: int = 0) -> ExamPage:
        conditions = [*self._of_the_exam(query), *self._of_what_belongs_to_it(query)]
        where = " AND ".join(sql for sql, _ in conditions) or "1"
        values = [value for _, values in conditions for value in values]
        counted = self._database.rows("count the exams", f"SELECT count(*) AS n FROM exams WHERE {where}", values)
        sql = f"""SELECT exams.*, {_IS_VALIDATED} AS is_validated, (SELECT count(*) {_SINGLE_IMAGES}) AS image_count,
                (SELECT patient_id FROM patients WHERE pseudonym = patient_pseudonym) AS patient_id
            FROM (SELECT number AS shown FROM exams WHERE {where} ORDER BY number DESC LIMIT ? OFFSET ?)
            JOIN exams ON number = shown ORDER BY number DESC"""
        rows = self._database.rows("search the exams", sql, (*values, limit, offset))
        return ExamPage(tuple(_entry(row) for row in rows), int(counted[0]["n"]))

    def _of_the_exam(self, query: ExamQuery) -> list[Condition]:
        wanted: list[tuple[str, Value]] = [
            ("patient_pseudonym = ?", query.pseudonym),
            ("started_at >= ?", None if query.from_utc is None else utc_text(query.from_utc)),
            ("started_at < ?", None if query.before_utc is None else utc_text(query.before_utc)),
            ("state = ?", None if query.state is None else query.state.value),
            ("state <> ?", ExamState.DISCARDED.value if query.hides_discarded and query.state is None else None),
            ("is_archived = ?", None if query.is_archived is None else int(query.is_archived)),
            ("(folder_id IS NOT NULL) = ?", None if query.is_filed is None else int(query.is_filed)),
            (f"{_IS_VALIDATED} = ?", None if query.is_validated is None else int(query.is_validated)),
        ]
        return [(sql, (value,)) for sql, value in wanted if value is not None]

    def _of_what_belongs_to_it(self, query: ExamQuery) -> list[Condition]:
        conditions: list[Condition] = []
        if query.text.strip():
            found = json.dumps(self._matching(query.text))
            conditions.append(("patient_pseudonym IN (SELECT value FROM json_each(?))", (found,)))
        if query.folder_id is not None:
            conditions.append(("folder_id IN (SELECT value FROM json_each(?))", (self._below(query.folder_id),)))
        places = [(column, place.value) for column, place in (("hand", query.hand), ("finger", query.finger)) if place]
        if places:
            has = " AND ".join(f"images.{column} = ?" for column, _ in places)
            conditions.append((f"EXISTS (SELECT 1 {_IMAGES} AND {has})", tuple(value for _, value in places)))
        return conditions

    def _below(self, folder_id: str) -> str:
        tree = FolderTree(self._folders.folders())
        if folder_id not in tree.by_id:
            raise NotKeptError(f"there is no folder {folder_id}", "Choose one from the list.")
        return json.dumps(tree.below(folder_id))


def _entry(row: Row) -> ExamEntry:
    return ExamEntry(exam_from(row), row["patient_id"], int(row["image_count"]), bool(row["is_validated"]))
