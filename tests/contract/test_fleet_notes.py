"""What every FleetNotes promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.ports import FleetNotes
from appliance.storage.database import Database
from appliance.storage.fleet_notes import SqliteFleetNotes
from appliance.storage.memory_fleet_notes import MemoryFleetNotes


@pytest.fixture(params=["sqlite", "memory"])
def notes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FleetNotes]:
    if request.param == "memory":
        yield MemoryFleetNotes()
        return
    database = Database(tmp_path / "exams.sqlite3")
    yield SqliteFleetNotes(database)
    database.close()


def test_note_is_there_as_it_was_last_kept(notes: FleetNotes) -> None:
    assert notes.note("a") is None
    notes.keep_note("a", {"b": [1, "ü", None]})
    notes.keep_note("a", {"b": 2})
    assert notes.note("a") == {"b": 2}


def test_notes_are_found_by_the_begin_of_their_names(notes: FleetNotes) -> None:
    for name in ("job:2", "job:1", "jobs", "shadow"):
        notes.keep_note(name, name)
    assert list(notes.notes("job:").items()) == [("job:1", "job:1"), ("job:2", "job:2")]
