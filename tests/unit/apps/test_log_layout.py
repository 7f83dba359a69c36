"""Nobody who only chose a name, or sent a message, can write a line of the log or command a terminal."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.apps.log_layout import OneLine
from appliance.apps.station.fleet.job_stick import ENDING, JobStick
from appliance.apps.station.fleet.log_lines import LogLines
from appliance.fleet.job_book import JobBook
from appliance.storage.memory_fleet_notes import MemoryFleetNotes
from tests.unit.fleet.test_job_runner import NOON

FORGED = "a\n2026-12-01 12:00:00,000 INFO accounts: eva logged in\x1b[2J\r\u202egpj\x00"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(OneLine())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_name_with_line_breaks_and_terminal_codes_stays_within_its_line(log: io.StringIO) -> None:
    logging.getLogger("upload").warning("could not read %s", FORGED)
    (line,) = log.getvalue().splitlines()
    assert line.isprintable()
    assert "\\n2026-12-01" in line


def test_a_traceback_follows_its_line_and_obeys_as_little(log: io.StringIO) -> None:
    try:
        raise ValueError(f"no picture: {FORGED!s}".replace("\n", "\x85"))
    except ValueError:
        logging.getLogger("upload").exception("it failed")
    lines = log.getvalue().split("\n")
    assert lines[1].startswith("Traceback")
    assert all(line.isprintable() for line in lines)


def test_a_file_on_a_stick_cannot_forge_what_is_collected_for_the_fleet(tmp_path: Path) -> None:
    (tmp_path / f"a\n2026-12-01 INFO forged\x1b[2J{ENDING}").write_text("{}")
    collected = LogLines()
    logging.getLogger().addHandler(collected)
    try:
        book = JobBook(MemoryFleetNotes(), "boot-1", lambda _: "", {}, lambda: NOON)
        JobStick(tmp_path, book).look()
    finally:
        logging.getLogger().removeHandler(collected)
    (line,) = collected.lines()
    assert line.isprintable()
