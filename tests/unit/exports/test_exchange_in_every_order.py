"""Imports under way and exams on their way to the PACS, used by several browsers at once."""

import io
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from appliance.domain.errors import ApplianceError, ExamError, NotKeptError
from appliance.domain.exam import Finger, Hand, Sector
from appliance.exports.archive import uploads
from appliance.exports.archive.read import ArchiveChoices, ArchiveResult
from appliance.exports.archive.uploads import ArchiveImports
from appliance.exports.dicom import sending
from appliance.exports.dicom.pacs import PacsUnreachableError
from appliance.exports.dicom.sending import PacsSender, Sending, SendState
from appliance.exports.imports import picture_imports
from appliance.exports.imports.job import ImportOptions
from appliance.exports.imports.picture import ForeignPicture
from appliance.exports.imports.picture_imports import ImportState, PictureImports
from appliance.exports.settings import PacsSettings
from appliance.exports.staging import Staging
from tests.support.exam_parts import NOON
from tests.support.interleaving import Race, in_every_order, refused_with

PLACE = (Hand.LEFT, Finger.RING, Sector.A)
OPTIONS = ImportOptions(pseudonym="NC-1")


def still(_: Path) -> ForeignPicture:
    return ForeignPicture(np.zeros((4, 4, 3), np.uint8))


@pytest.fixture
def imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], PictureImports]:
    """New imports; what they are measured by is left out."""
    numbers = itertools.count()
    monkeypatch.setattr(picture_imports, "import_pictures", lambda pictures, *_: SimpleNamespace(exam_id="kept"))

    def make() -> PictureImports:
        nobody: Any = SimpleNamespace(looking_like=lambda _: ())
        tools: Any = SimpleNamespace(read_still=still, patients=nobody, now_utc=lambda: NOON)
        return PictureImports(Staging(tmp_path / str(next(numbers))), tools)

    return make


def test_file_that_was_left_out_stays_out_while_it_is_placed(imports: Callable[[], PictureImports]) -> None:
    def race() -> Race:
        service = imports()
        begun = service.begin().import_id
        item = service.add(begun, "a.jpg", io.BytesIO(b"1")).item_id
        answers: list[str] = []

        def place() -> None:
            answers.append(service.place(begun, item, *PLACE).problem)

        def remove() -> None:
            service.remove(begun, item)

        def check() -> None:
            (only,) = service.show(begun).items
            assert (only.problem, only.hand) == ("left out", Hand.LEFT)

        return Race([place, remove], check)

    assert in_every_order(race, picture_imports) > 20


def test_file_that_is_left_out_or_placed_while_it_arrives_stays_so(imports: Callable[[], PictureImports]) -> None:
    def race() -> Race:
        service = imports()
        begun = service.begin().import_id
        said: list[object] = []

        def person() -> None:
            said.append(refused_with(NotKeptError, lambda: service.place(begun, "1", *PLACE))())
            said.append(refused_with(NotKeptError, lambda: service.remove(begun, "2"))())

        def add() -> None:
            service.add(begun, "a.jpg", io.BytesIO(b"1"))
            service.add(begun, "b.jpg", io.BytesIO(b"2"))

        def check() -> None:
            one, other = service.show(begun).items
            assert one.hand is (None if isinstance(said[0], NotKeptError) else Hand.LEFT)
            assert other.problem == ("" if isinstance(said[1], NotKeptError) else "left out")

        return Race([add, person], check)

    assert in_every_order(race, picture_imports) > 50


def test_file_that_comes_too_late_neither_joins_nor_ends_a_started_import(
    imports: Callable[[], PictureImports],
) -> None:
    def race() -> Race:
        service = imports()
        begun = service.begin().import_id
        first = service.add(begun, "a.jpg", io.BytesIO(b"1")).item_id
        service.place(begun, first, *PLACE)
        started: list[object] = []

        def start() -> None:
            started.append(refused_with(ExamError, lambda: service.start(begun, OPTIONS))())

        def check() -> None:
            now = service.show(begun)
            if isinstance(started[0], ExamError):  # the second file was there in time and has no place
                assert (now.state, len(now.usable)) == (ImportState.COLLECTING, 2)
            else:
                assert (now.state, now.exam_id, now.message) == (ImportState.DONE, "kept", "")
                assert [item.item_id for item in now.usable] == [first]

        late = refused_with(ApplianceError, lambda: service.add(begun, "b.jpg", io.BytesIO(b"2")))
        return Race([start, late], check)

    assert in_every_order(race, picture_imports) > 50


def test_imports_stay_within_their_number_and_drops_are_clean(imports: Callable[[], PictureImports]) -> None:
    def race() -> Race:
        service = imports()
        first = service.begin().import_id
        for _ in range(6):
            service.begin()

        def check() -> None:
            assert len(service._known) <= 8
            for import_id in service._known:
                service._staging.path(import_id, "there")

        begin_twice = lambda: (service.begin(), service.begin())  # noqa: E731
        return Race([begin_twice, refused_with(NotKeptError, lambda: service.drop(first))], check)

    assert in_every_order(race, picture_imports, most_runs=100) > 30


def test_archive_is_taken_in_once_however_often_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, taken = itertools.count(), list[Path]()

    def take(path: Path, *_: object, **__: object) -> ArchiveResult:
        taken.append(path)
        assert path.read_bytes() == b"zip", "the archive went while it was taken in"
        return ArchiveResult((), ())

    monkeypatch.setattr(uploads, "import_archive", take)
    tools: Any = SimpleNamespace(
        store=None, known_as=None, now_utc=lambda: None, make_message=None, journal=None, read_review=None
    )

    def race() -> Race:
        taken.clear()
        service = ArchiveImports(Staging(tmp_path / str(next(numbers))), tools)
        upload = service.receive(io.BytesIO(b"zip"))

        def take_in() -> None:
            service.take_in(upload, ArchiveChoices(), "anna")

        again = refused_with(ApplianceError, take_in)
        drop = refused_with(ApplianceError, lambda: service.drop(upload))
        return Race([again, again, drop], lambda: len(taken) <= 1 or pytest.fail("it was taken in twice"))

    assert in_every_order(race, uploads) > 50


@dataclass
class Pacs:
    """What an archive answers, one after the other; after that it takes everything. `on_last` hears of the last."""

    answers: list[Exception] = field(default_factory=list)
    on_last: Callable[[], object] = lambda: None

    def store(self, settings: PacsSettings, objects: object, stored: Callable[[int], object]) -> None:
        if not self.answers:
            stored(1)
            return
        answer = self.answers.pop(0)
        if not self.answers:
            self.on_last()
        raise answer


@pytest.fixture
def pacs(monkeypatch: pytest.MonkeyPatch) -> Pacs:
    found = Pacs()
    monkeypatch.setattr("appliance.exports.dicom.pacs.store", found.store)
    return found


SETTINGS = PacsSettings(tries=2, first_delay_s=0.01)


def test_what_became_of_an_exam_is_noted_as_it_ended_though_it_is_sent_again(
    pacs: Pacs,
) -> None:
    def race() -> Race:
        noted, fails = list[Sending](), threading.Event()
        pacs.answers, pacs.on_last = [PacsUnreachableError("refused"), PacsUnreachableError("refused")], fails.set
        sender = PacsSender(SETTINGS, noted.append)
        sender.start()

        def send() -> None:
            sender.send("exam", lambda: [object()])  # type: ignore[list-item]

        def send_again() -> None:
            fails.wait()
            sender.send("exam", lambda: [object()])  # type: ignore[list-item]
            while (now := sender.sending("exam")) is None or now.state not in (SendState.SENT, SendState.FAILED):
                threading.Event().wait(0.01)
            sender.stop(60)

        def check() -> None:
            states = [one.state for one in noted]
            assert set(states) <= {SendState.SENT, SendState.FAILED}, "noted before it had ended"
            assert states in ([SendState.FAILED], [SendState.FAILED, SendState.SENT])

        return Race([send, send_again], check)

    assert in_every_order(race, sending) > 50


def test_sender_goes_on_after_a_note_that_failed(pacs: Pacs, caplog: pytest.LogCaptureFixture) -> None:
    def race() -> Race:
        noted: list[str] = []

        def note(done: Sending) -> None:
            noted.append(done.exam_id)
            raise RuntimeError("the journal cannot be written")

        sender = PacsSender(SETTINGS, note)

        def send() -> None:
            sender.start()
            for exam_id in ("a", "b"):
                sender.send(exam_id, lambda: [object()])  # type: ignore[list-item]
            while len(noted) < 2:
                threading.Event().wait(0.01)
            sender.stop(60)

        return Race([send], lambda: noted == ["a", "b"] or pytest.fail("the second was never sent"))

    assert in_every_order(race, sending, most_runs=40) > 10


def test_sender_that_is_started_by_two_threads_sends_each_exam_once(pacs: Pacs) -> None:
    def race() -> Race:
        made: list[str] = []
        sender = PacsSender(SETTINGS)

        def make(exam_id: str) -> Callable[[], list[Any]]:
            return lambda: [made.append(exam_id)]

        def work() -> None:
            sender.start()
            sender.send("exam", make("exam"))

        def stop() -> None:
            sender.start()
            while (now := sender.sending("exam")) is None or now.state is not SendState.SENT:
                threading.Event().wait(0.01)
            sender.stop(60)
            assert not sender._thread.is_alive()  # type: ignore[union-attr]

        return Race([work, stop], lambda: made == ["exam"] or pytest.fail(str(made)))

    assert in_every_order(race, sending) > 50
