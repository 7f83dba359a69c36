"""`nailfold journal` on a station's data folder."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.storage.account_store import SqliteAccountStore
from appliance.storage.database import Database
from appliance.storage.journal import SqliteJournal
from appliance.storage.memory_journal import MemoryJournal
from tests.support.accounts import new_account_service
from tests.support.exam_parts import SystemClock


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose journal has three entries."""
    exams = tmp_path / "exams"
    exams.mkdir()
    database = Database(exams / "exams.sqlite3")
    journal = SqliteJournal(database, SystemClock().now_utc)
    for number in range(3):
        journal.append("p.klein", "review:a", "review.edited", {"number": number})
    new_account_service(MemoryJournal(SystemClock().now_utc), SqliteAccountStore(database))
    database.close()
    return tmp_path


def nailfold(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance.apps.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def tamper(data: Path) -> None:
    connection = sqlite3.connect(data / "exams" / "exams.sqlite3")
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute("UPDATE journal SET actor = 'mallory' WHERE seq = 2")
    connection.commit()
    connection.close()


def test_an_untouched_journal_is_intact(data: Path) -> None:
    done = nailfold("journal", "verify", "--data-dir", str(data))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("intact: 3 entries in one chain; the newest is 3 ")


def test_a_tampered_row_is_named_and_the_exit_code_tells(data: Path) -> None:
    tamper(data)
    done = nailfold("journal", "verify", "--data-dir", str(data))
    assert done.returncode == 1
    assert done.stdout == "broken at entry 2: entry 2 was changed after it was written\n"
    found = json.loads(nailfold("journal", "verify", "--json", "--data-dir", str(data)).stdout)
    assert (found["is_intact"], found["broken_seq"]) == (False, 2)


def test_the_newest_entries_are_printed(data: Path) -> None:
    done = nailfold("journal", "show", "--last", "1", "--data-dir", str(data))
    assert done.stdout.count("\n") == 1
    assert 'p.klein (Dr. Paul Klein) review.edited review:a {"number":2}' in done.stdout


def test_a_folder_without_a_station_is_refused(tmp_path: Path) -> None:
    done = nailfold("journal", "verify", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "--data-dir" in done.stderr
