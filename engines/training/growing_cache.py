"""Several caches read as one, while they are still being drawn: training begins with the first few hundred images."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.training.cache import Cache, Pictures, open_cache, render_cache

LOOK_AGAIN_S = 60.0


class GrowingCache:
    """The images of all folders that are complete by now; looks for more once a minute.

    Args:
        folders: of engines.training.cache, at least one image drawn in one of them.
    """

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._look()
        if not len(self):
            raise FileNotFoundError(f"no rendered image in {', '.join(map(str, folders))}: draw some first")

    def __len__(self) -> int:
        if time.monotonic() - self._looked_s > LOOK_AGAIN_S:
            self._look()
        return self._ends[-1]

    def picture(self, index: int) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Image and truth; an index stays valid as the caches grow, though it may come to mean another image."""
        shard = int(np.searchsorted(self._ends, index, side="right"))
        return self._shards[shard].picture(index - (self._ends[shard - 1] if shard else 0))

    @property
    def truths(self) -> tuple[dict[str, Any], ...]:
        """Of all images that are there now."""
        return tuple(truth for shard in self._shards for truth in shard.truths)

    def _look(self) -> None:
        self._shards: list[Cache] = [open_cache(folder) for folder in self._folders]
        self._ends = [int(end) for end in np.cumsum([len(shard) for shard in self._shards])]
        self._looked_s = time.monotonic()


def open_caches(folders: list[Path], images: int, seed: int, workers: int) -> Pictures:
    """One folder: its cache, drawn now as far as it is missing. Several: all of them as they are and as they grow."""
    if len(folders) == 1:
        return render_cache(folders[0], images, seed, workers)
    return GrowingCache(folders)
