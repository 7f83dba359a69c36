"""A control group whose processes together get so much memory and no more; needs root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class MemoryGroup:
    """Of cgroup v1 or v2; the kernel kills a process of it that needs more than there is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        is_old = (folder / "memory.limit_in_bytes").exists()
        self._limit, self._used = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes") if is_old else ("memory.max", "memory.current")
        )

    @contextmanager
    def births(self) -> Iterator[None]:
        """Whatever this process starts meanwhile is born in the group."""
        self._take(self._folder)
        try:
            yield
        finally:
            self._take(self._folder.parent)

    def allow_more(self, more_bytes: int) -> None:
        """What the group has now and so much more; the cache of files counts until it is needed."""
        used = int((self._folder / self._used).read_text(encoding="ascii"))
        (self._folder / self._limit).write_text(str(used + more_bytes), encoding="ascii")

    def allow_all(self) -> None:
        """No limit."""
        (self._folder / self._limit).write_text("max" if self._limit == "memory.max" else "-1", encoding="ascii")

    @staticmethod
    def _take(folder: Path) -> None:
        (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


@contextmanager
def memory_group() -> Iterator[MemoryGroup | None]:
    """None where this computer allows no such group."""
    parent = ROOT if (ROOT / "cgroup.controllers").exists() else ROOT / "memory"
    folder = parent / f"nailfold-chaos-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError:
        yield None
        return
    try:
        has_memory = any((folder / name).exists() for name in ("memory.limit_in_bytes", "memory.max"))
        yield MemoryGroup(folder) if has_memory else None
    finally:
        folder.rmdir()
