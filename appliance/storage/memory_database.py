"""What the stores without a disk keep their rows in, so that an action is kept whole or not at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class MemoryDatabase:
    """The tables of one box without a disk, shared by its stores and its journal.

    Changes of another thread during a transaction that fails go with it: good enough for a demonstration or a test.
    """

    def __init__(self) -> None:
        self._tables: list[dict[Any, Any]] = []
        self._lists: list[list[Any]] = []
        self._lock = threading.RLock()

    def table(self) -> dict[Any, Any]:
        """A new table. Its values are replaced, never changed in place."""
        made: dict[Any, Any] = {}
        self._tables.append(made)
        return made

    def rows(self) -> list[Any]:
        """A new list, treated alike."""
        made: list[Any] = []
        self._lists.append(made)
        return made

    def copy(self) -> tuple[list[dict[Any, Any]], list[list[Any]]]:
        """Everything as it now is."""
        with self._lock:
            return [dict(one) for one in self._tables], [list(one) for one in self._lists]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept, or nothing."""
        with self._lock:
            tables, lists = self.copy()
            try:
                yield
            except BaseException:
                for table, before in zip(self._tables, tables, strict=False):
                    table.clear()
                    table.update(before)
                for rows, earlier in zip(self._lists, lists, strict=False):
                    rows[:] = earlier
                raise
