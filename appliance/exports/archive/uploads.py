"""Archives of other boxes: received, taken in, and kept until it is decided who is who."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.domain.errors import ExportError
from appliance.domain.exam import Exam
from appliance.domain.journal import JournalNote
from appliance.domain.json_value import JsonObject
from appliance.exports.archive.read import ArchiveChoices, ArchivedExam, import_archive
from appliance.exports.staging import Staging, Stream
from appliance.ports import ExamStore, Journal, OutboxMessage

_log = logging.getLogger(__name__)
LARGEST_ARCHIVE_BYTES = 20_000_000_000
IMPORTED = "exam.imported"
_FILE = "archive.zip"


@dataclass(frozen=True)
class ArchiveTools:
    """What taking an archive in needs of the station.

    Attributes:
        known_as: the pseudonym here that is this one or looks like it; None where neither is.
        read_review: the other box's review as entries of this one's journal. Raises ExportError where it is unreadable.
        make_message: of an exam that is to be published.
        journal: takes the entries of imports and reviews, each together with its exam.
    """

    store: ExamStore
    known_as: Callable[[str], str | None]
    read_review: Callable[[ArchivedExam], Sequence[JournalNote]]
    make_message: Callable[[Exam], OutboxMessage]
    journal: Journal
    now_utc: Callable[[], datetime]


@dataclass(frozen=True)
class ImportedArchive:
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
        return self._staging.receive_new(_FILE, stream, LARGEST_ARCHIVE_BYTES)

    def take_in(self, upload_id: str, choices: ArchiveChoices, actor: str) -> ImportedArchive:
        """Keep its exams; the upload goes unless a pseudonym has to be decided on first. Raises as `import_archive`."""
        with self._alone(upload_id):
            taken = self.take_in_file(self._staging.path(upload_id, _FILE), choices, actor)
            self._staging.drop(upload_id)
            return taken

    def take_in_file(self, path: Path, choices: ArchiveChoices, actor: str) -> ImportedArchive:
        """Keep the exams of an archive that lies on this computer. Raises as `import_archive`."""
        tools = self._tools
        problems: list[str] = []

        def notes_of(one: ArchivedExam) -> list[JournalNote]:
            detail: JsonObject = {"origin": "archive", "images": len(one.exam.images), "published": choices.publish}
            imported = JournalNote(actor, f"exam:{one.exam.exam_id}", IMPORTED, detail)
            return [imported, *self._review_of(one, problems)]

        result = import_archive(
            path,
            tools.store,
            tools.known_as,
            tools.now_utc(),
            choices,
            make_message=tools.make_message,
            notes_of=notes_of,
            journal=tools.journal,
        )
        return ImportedArchive(tuple(one.exam.exam_id for one in result.imported), result.known, tuple(problems))

    def drop(self, upload_id: str) -> None:
        """Forget an archive. Raises ExportError while it is being taken in."""
        with self._alone(upload_id):
            self._staging.drop(upload_id)

    def clear(self) -> None:
        """Forget every archive that is not being taken in."""
        with self._lock:
            self._staging.drop_all_but(self._busy)

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

    def _review_of(self, one: ArchivedExam, problems: list[str]) -> Sequence[JournalNote]:
        """Its entries; none, and one problem more, where they cannot be read."""
        try:
            return self._tools.read_review(one)
        except ExportError as error:
            exam_id = one.exam.exam_id
            _log.warning("the review of exam %s was not taken over: %s", exam_id, error)
            problems.append(f"the review of exam {exam_id} was not taken over: {error.message}")
            return ()
