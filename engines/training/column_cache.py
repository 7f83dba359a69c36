"""The columns of a cache's images, drawn again from their seeds: what a vessel mask is learnt from.

    python -m engines.training.column_cache --cache build/unusual --unusual 0.5 --out build/columns --images 500

A folder of `columns.npy` (uint8 [N, 240, 320], mapped; see engines.synthetic.column) and `seeds.jsonl`, a line for each
column that is complete. Several caches may be drawn into one folder, one after the other. Caches stay as they are.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.domain.errors import SettingsError
from engines.synthetic.column import STRIDE, column_map
from engines.synthetic.render import render_scene
from engines.training.cache import HEIGHT, WIDTH, Cache, is_unusual, open_cache

MOST_IMAGES = 20_000
"""Rows that the file is laid out for; a sparse file takes no room for those that are not drawn."""


@dataclass(frozen=True)
class ColumnMaps:
    """Opened columns: uint8 [N, 240, 320], and which image's each is, by its render seed."""

    maps: NDArray[np.uint8]
    row_of_seed: Mapping[int, int]

    def of(self, truth: Mapping[str, Any]) -> NDArray[np.uint8] | None:
        """The columns of the image with that truth; None where nobody drew them."""
        row = self.row_of_seed.get(truth.get("seed", -1))
        return None if row is None else self.maps[row]


def draw_columns(cache: Cache, out: Path, images: int, unusual: float) -> int:
    """Draw the columns of the cache's first images into `out`, those that are missing; how many lie there now.

    Args:
        unusual: the share that the cache was drawn with.

    Raises:
        SettingsError: an image comes out otherwise than it lies in the cache: another renderer or share drew it.
    """
    out.mkdir(parents=True, exist_ok=True)
    path, seeds = out / "columns.npy", out / "seeds.jsonl"
    if not path.exists():
        shape = (MOST_IMAGES, HEIGHT // STRIDE, WIDTH // STRIDE)
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    seeds.touch()
    done = [json.loads(line) for line in seeds.read_text().splitlines()]
    maps = np.load(path, mmap_mode="r+")
    with seeds.open("a", buffering=1) as lines:
        for index in range(min(images, len(cache))):
            image, truth = cache.picture(index)
            if truth["seed"] in done:
                continue
            maps[len(done)] = _columns_of(image, truth["seed"], is_unusual(truth["seed"], unusual))
            # A line is written after its columns: what has one is complete.
            lines.write(f"{truth['seed']}\n")
            done.append(truth["seed"])
    return len(done)


def open_columns(folder: Path) -> ColumnMaps:
    """Map the columns that draw_columns made, or is still making."""
    lines = [line for line in (folder / "seeds.jsonl").read_text().splitlines(keepends=True) if line.endswith("\n")]
    maps = np.load(folder / "columns.npy", mmap_mode="r")
    return ColumnMaps(maps, {int(line): row for row, line in enumerate(lines)})


def _columns_of(image: NDArray[np.uint8], seed: int, unusual: bool) -> NDArray[np.uint8]:
    rendered, scene, hidden = render_scene(seed, width=WIDTH, height=HEIGHT, is_unusual=unusual)
    if not np.array_equal(rendered.image_rgb, image):
        raise SettingsError(
            f"the image of seed {seed} comes out otherwise than it lies in the cache",
            "Draw the cache again, or name the --unusual share that it was drawn with.",
        )
    return column_map(scene, hidden)


def main() -> None:
    """Draw from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("build/synthetic"))
    parser.add_argument("--unusual", type=float, default=0.0, help="share of the cache that is unusual")
    parser.add_argument("--images", type=int, default=1200)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(f"{draw_columns(open_cache(args.cache), args.out, args.images, args.unusual)} columns in {args.out}")


if __name__ == "__main__":
    main()
