"""How long work tells how far it is, and hears that nobody waits for it any more."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, overload

T = TypeVar("T")


class JobCancelledError(Exception):
    """The person who asked for the work has cancelled it."""


class Progress(Protocol):
    """What a piece of long work is given."""

    @property
    def is_cancelled(self) -> bool:
        """Nobody waits any more."""

    def __call__(self, done: int, total: int) -> None:
        """So much of so much. Raises JobCancelledError where nobody waits any more."""


class NoProgress:
    """For work that somebody waits for on the spot."""

    is_cancelled = False

    def __call__(self, done: int, total: int) -> None:
        pass


class WithProgress(Sequence[T]):
    """A sequence that tells how far somebody who goes through it is."""

    def __init__(self, items: Sequence[T], progress: Progress) -> None:
        self._items, self._progress = items, progress

    def __iter__(self) -> Iterator[T]:
        for at, item in enumerate(self._items):
            self._progress(at, len(self._items))
            yield item

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        return self._items[at]

    def __len__(self) -> int:
        return len(self._items)
