"""An update of the system that is taken back leaves its database to the system before."""

import sqlite3
from pathlib import Path

from appliance.storage.database import Database
from appliance.storage.migrations import MIGRATIONS


def test_indexes_are_made_without_a_newer_layout_which_the_system_before_would_refuse(tmp_path: Path) -> None:
    for _ in range(2):
        Database(tmp_path / "exams.sqlite3").close()
    with sqlite3.connect(tmp_path / "exams.sqlite3") as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert {"outbox_due", "outbox_unreceipted", "outbox_by_state", "outbox_errors"} <= names
    assert version == len(MIGRATIONS)
