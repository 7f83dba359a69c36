"""Dates are written in the time zone that was chosen, at once and after the next start."""

import os
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.station.box_time_zone import BoxTimeZone
from appliance.domain.errors import SettingsError
from appliance.storage.memory_journal import MemoryJournal
from tests.support.exam_parts import HeldClock

WINTER = datetime(2026, 11, 30, 23, 30, tzinfo=timezone.utc)


def memory_journal() -> MemoryJournal:
    return MemoryJournal(HeldClock().now_utc)


@pytest.fixture(autouse=True)
def own_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's own, again after each test."""
    before = os.environ.get("TZ")
    yield
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_a_choice_counts_at_once_and_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "time-zone"
    journal = memory_journal()
    BoxTimeZone(file, journal).choose("America/Bogota", "ana")
    assert WINTER.astimezone().strftime("%d %H:%M") == "30 18:30"
    os.environ["TZ"] = "UTC"
    time.tzset()
    [entry] = journal.entries("box")
    assert (entry.actor, entry.action) == ("ana", "box.time_zone")
    assert entry.detail["time_zone"]["new"] == "America/Bogota"
    fresh = BoxTimeZone.applied(file, journal)
    assert fresh.name == "America/Bogota"
    assert WINTER.astimezone().strftime("%d %H:%M") == "30 18:30"


def test_without_a_choice_it_is_the_computers_own(tmp_path: Path) -> None:
    systems = tmp_path / "localtime"
    systems.symlink_to("/usr/share/zoneinfo/Europe/Madrid")
    assert BoxTimeZone(tmp_path / "none", memory_journal(), systems).name == "Europe/Madrid"
    assert BoxTimeZone(tmp_path / "none", memory_journal(), tmp_path / "missing").name == "UTC"
    before = os.environ.get("TZ")
    BoxTimeZone(tmp_path / "none", memory_journal(), systems).apply()
    assert os.environ.get("TZ") == before


@pytest.mark.parametrize("name", ["", "Madrid", "Europe/Atlantis", "../../etc/passwd", "posixrules"])
def test_an_unknown_name_is_refused_and_changes_nothing(tmp_path: Path, name: str) -> None:
    zone = BoxTimeZone(tmp_path / "time-zone", memory_journal())
    with pytest.raises(SettingsError, match="unknown"):
        zone.choose(name, "ana")
    assert not (tmp_path / "time-zone").exists()


def test_the_list_holds_places_and_utc(tmp_path: Path) -> None:
    names = BoxTimeZone(tmp_path / "time-zone", memory_journal()).names()
    assert {"Europe/Berlin", "America/Bogota", "Asia/Tokyo", "UTC"} <= set(names)
    assert len(set(names)) == len(names) > 300
    assert not {name for name in names if name.startswith(("Etc/", "posix", "right"))}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0", b"Europe/Nowhere\n", b"../../etc/passwd", None])
def test_a_damaged_choice_keeps_no_box_off(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "time-zone"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)

    assert BoxTimeZone.applied(file, memory_journal()).name in BoxTimeZone(file, memory_journal()).names()
