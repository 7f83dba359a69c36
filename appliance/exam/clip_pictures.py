"""The last seconds of one exam as JPEGs."""

from collections import deque
from dataclasses import dataclass

MOST_BYTES = 96 << 20
"""Of one clip; at 640x480 ten seconds take about 20 MB, at 1280x1024 80. A longer one ends earlier."""


@dataclass(frozen=True)
class ClipPicture:
    """One picture, of exam `exam_id`, captured at `at_s` of the monotonic clock."""

    exam_id: str
    at_s: float
    jpeg: bytes
    size_px: tuple[int, int]


class ClipPictures:
    """Pictures of one exam and one size, oldest first. For one thread at a time.

    Args:
        before_s: how far back they go.
    """

    def __init__(self, before_s: float) -> None:
        self._before_s = before_s
        self._pictures: deque[ClipPicture] = deque()
        self._bytes = 0

    @property
    def newest(self) -> ClipPicture | None:
        return self._pictures[-1] if self._pictures else None

    @property
    def all(self) -> tuple[ClipPicture, ...]:
        return tuple(self._pictures)

    @property
    def is_full(self) -> bool:
        return self._bytes >= MOST_BYTES

    def add(self, picture: ClipPicture, asked_at_s: float | None) -> None:
        """The newest one; those before `asked_at_s`, or before it where no clip was asked for, go in time."""
        newest = self.newest
        if newest is not None and (newest.exam_id, newest.size_px) != (picture.exam_id, picture.size_px):
            self.clear()
        self._pictures.append(picture)
        self._bytes += len(picture.jpeg)
        start_s = (picture.at_s if asked_at_s is None else asked_at_s) - self._before_s
        while self._pictures[0].at_s < start_s or (asked_at_s is None and self._bytes > MOST_BYTES // 2):
            self._bytes -= len(self._pictures.popleft().jpeg)

    def clear(self) -> None:
        """Forget all."""
        self._pictures.clear()
        self._bytes = 0
