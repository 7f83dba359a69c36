"""A database that was lost beside what belongs to it: it must not pass for a new box."""

import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.domain.counted import counted
from appliance.domain.errors import StoreError
from appliance.storage.journal import HEAD_FILE_NAME

_STILLS = ("images/*/*.png", "images/*/*.avi")


def require_not_emptied(folder: Path, database_name: str) -> None:
    """Refuse a folder whose database holds nothing, or is gone, while stills or a journal's head lie beside it.

    A station that started there would print two words and let anybody become its administrator.

    Raises:
        StoreError: it is such a folder; says both ways out.
    """
    if _holds_something(folder / database_name):
        return
    beside = [name for name in (HEAD_FILE_NAME,) if (folder / name).exists()]
    stills = sum(1 for pattern in _STILLS for _ in folder.glob(pattern))
    if stills:
        beside.append(counted(stills, "still"))
    if beside:
        raise StoreError(
            f"the exam database in {folder} is empty or gone, but the folder holds {' and '.join(beside)}",
            "Put the last backup back with: nailfold data restore. To begin anew and set the rest aside: "
            "nailfold data start-anew.",
        )


def _holds_something(path: Path) -> bool:
    """Whether a person or an action is in it; a file that cannot be read as a database is not for this to judge."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return any(_has_rows(connection, table) for table in ("journal", "exams", "accounts"))
    except sqlite3.Error:
        return True


def _has_rows(connection: sqlite3.Connection, table: str) -> bool:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    return known is not None and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
