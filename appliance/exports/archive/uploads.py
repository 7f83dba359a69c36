"""Archives of other boxes: received, taken in, and kept until it is decided who is who."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.domain.errors import ApplianceError, ExportError
from appliance.domain.exam import Exam
from appliance.exports.archive.read import ArchiveChoices, ArchivedExam, import_archive
from appliance.exports.staging import Staging, Stream
from appliance.ports import ExamStore, OutboxMessage

_log = logging.getLogger(__name__)
LARGEST_ARCHIVE_BYTES = 20_000_000_000
IMPORTED = "exam.imported"
_FILE = "archive.zip"


@dataclass(frozen=True)
class ArchiveTools:
    """What taking an archive in needs of the station.

    Attributes:
        knows_pseudonym: whether this box has a patient of that pseudonym.
        import_review: writes the review of the other box into this journal; a problem in words, or nothing.
        make_message: of an exam that is to be published.
        note: writes an entry into the journal: actor, subject, action, detail.
    """

    store: ExamStore
    knows_pseudonym: Callable[[str], bool]
    import_review: Callable[[ArchivedExam], str]
    make_message: Callable[[Exam], OutboxMessage]
    note: Callable[[str, str, str, Mapping[str, Any]], object]
    now_utc: Callable[[], datetime]


@dataclass(frozen=True)
class TakenIn:
    """What became of an archive.

    Attributes:
        imported: exams that are new here.
        known: exams that were here already.
        problems: one sentence for every review that could not be taken over; its exam is kept as the machine saw it.
    """

    imported: tuple[str, ...]
    known: tuple[str, ...]
    problems: tuple[str, ...]


class ArchiveImports:
    """Archives under way; unknown ids raise NotKeptError. Safe for calls from any thread."""

    def __init__(self, staging: Staging, tools: ArchiveTools) -> None:
        self._staging = staging
        self._tools = tools
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def receive(self, stream: Stream) -> str:
        """The id of an archive that was written to the disk. Raises ExportError."""
        upload_id = self._staging.new()
        try:
            self._staging.receive(self._staging.path(upload_id, _FILE), stream, LARGEST_ARCHIVE_BYTES)
        except BaseException:
            self._staging.drop(upload_id)
            raise
        return upload_id

    def take_in(self, upload_id: str, choices: ArchiveChoices, actor: str) -> TakenIn:
        """Keep its exams; the upload goes unless a pseudonym has to be decided on first. Raises as `import_archive`."""
        with self._alone(upload_id):
            taken = self.take_in_file(self._staging.path(upload_id, _FILE), choices, actor)
            self._staging.drop(upload_id)
            return taken

    def take_in_file(self, path: Path, choices: ArchiveChoices, actor: str) -> TakenIn:
        """Keep the exams of an archive that lies on this computer. Raises as `import_archive`."""
        tools = self._tools
        result = import_archive(
            path, tools.store, tools.knows_pseudonym, tools.now_utc(), choices, make_message=tools.make_message
        )
        problems = [problem for one in result.imported if (problem := self._finish(one, choices, actor))]
        return TakenIn(tuple(one.exam.exam_id for one in result.imported), result.known, tuple(problems))

    def drop(self, upload_id: str) -> None:
        """Forget an archive. Raises ExportError while it is being taken in."""
        with self._alone(upload_id):
            self._staging.drop(upload_id)

    @contextmanager
    def _alone(self, upload_id: str) -> Iterator[None]:
        with self._lock:
            if upload_id in self._busy:
                raise ExportError("the archive is being taken in", "Wait until it is done.")
            self._busy.add(upload_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.remove(upload_id)

    def _finish(self, one: ArchivedExam, choices: ArchiveChoices, actor: str) -> str:
        exam_id = one.exam.exam_id
        detail = {"origin": "archive", "images": len(one.exam.images), "published": choices.publish}
        self._tools.note(actor, f"exam:{exam_id}", IMPORTED, detail)
        try:
            return self._tools.import_review(one)
        except ApplianceError as error:
            _log.warning("the review of exam %s was not taken over: %s", exam_id, error)
            return f"the review of exam {exam_id} was not taken over: {error.message}"
