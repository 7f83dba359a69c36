"""Rendered images with their truth on disk, drawn once and read by both trainings.

    python -m engines.training.cache --out build/synthetic --images 6000 --seed 1 --workers 2

A cache is a folder with `images.npy` (uint8 RGB [N, 480, 640, 3], mapped, never loaded whole) and `truth.jsonl` (one
image a line, coordinates as in engines.synthetic.truth).
"""

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.synthetic.render import render
from engines.synthetic.truth import HaemorrhageTruth, LoopTruth, RenderedImage

HEIGHT, WIDTH = 480, 640
Job = tuple[Path, int, int, bool]
"""File of the images, seed, place in the file, and whether it is an unusual nailfold."""
SEEDS_PER_CACHE = 1_000_000
"""Cache `seed` uses render seeds from seed * this upwards; evaluation stays below this, see engines.evaluation."""


@dataclass(frozen=True)
class Cache:
    """An opened cache: images uint8 [N, 480, 640, 3] and one truth a image, as `truth_of` gives it."""

    images: NDArray[np.uint8]
    truths: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.truths)

    def picture(self, index: int) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Image and truth."""
        return self.images[index], self.truths[index]


class Pictures(Protocol):
    """Where samples are cut from: a cache, or several that still grow."""

    def __len__(self) -> int:
        """How many images there are now."""

    def picture(self, index: int) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Image uint8 RGB [480, 640, 3] and truth."""

    @property
    def truths(self) -> tuple[dict[str, Any], ...]:
        """Of all images that are there now."""


def truth_of(rendered: RenderedImage) -> dict[str, Any]:
    """The truth of one image in JSON types."""
    return {
        "seed": rendered.seed,
        "pattern": rendered.pattern,
        "um_per_px": rendered.um_per_px,
        "loops": [_loop(loop) for loop in rendered.loops],
        "haemorrhages": [_haemorrhage(h) for h in rendered.haemorrhages],
    }


def render_cache(folder: Path, images: int, seed: int, workers: int, unusual: float = 0.0) -> Cache:
    """Draw `images` images into `folder`; what is there of them is kept, so an interrupted drawing goes on.

    Args:
        unusual: share of the images that are crowded, steep, curved or far away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images_path, truth_path = folder / "images.npy", folder / "truth.jsonl"
    truth_path.touch()
    done = len(truth_path.read_text().splitlines())
    if done < images:
        if not images_path.exists():
            shape = (images, HEIGHT, WIDTH, 3)
            np.lib.format.open_memmap(images_path, mode="w+", dtype=np.uint8, shape=shape)
        first = seed * SEEDS_PER_CACHE
        jobs = [(images_path, first + at, at, is_unusual(first + at, unusual)) for at in range(done, images)]
        with truth_path.open("a", buffering=1) as truth:
            # A line is written after its image: what has a truth is complete.
            for line in _render_all(jobs, workers):
                truth.write(line + "\n")
    return open_cache(folder)


def open_cache(folder: Path) -> Cache:
    """Map a cache that render_cache made, or is still making."""
    # Only whole lines: another process may be writing the last one.
    lines = [line for line in (folder / "truth.jsonl").read_text().splitlines(keepends=True) if line.endswith("\n")]
    return Cache(np.load(folder / "images.npy", mmap_mode="r"), tuple(json.loads(line) for line in lines))


def is_unusual(seed: int, share: float) -> bool:
    """Whether the image of that seed is one of the unusual ones in a cache with that share of them."""
    return bool(np.random.default_rng([seed, 4]).random() < share)


def _render_all(jobs: list[Job], workers: int) -> Iterator[str]:
    with ProcessPoolExecutor(workers) as pool:
        for done, line in enumerate(pool.map(_render_one, jobs, chunksize=4), start=1):
            if done % 500 == 0:
                print(f"rendered {done} of {len(jobs)}", flush=True)
            yield line


def _render_one(job: Job) -> str:
    path, seed, index, unusual = job
    rendered = render(seed, width=WIDTH, height=HEIGHT, is_unusual=unusual)
    np.load(path, mmap_mode="r+")[index] = rendered.image_rgb
    return json.dumps(truth_of(rendered))


def _loop(loop: LoopTruth) -> dict[str, Any]:
    return {
        "bbox": [float(v) for v in loop.bbox_px],
        "morphology": loop.morphology.value,
        "size": loop.size.value,
        "apex": [float(v) for v in loop.apex_px],
        "apical": _segment(loop.apical_px),
        "arterial": _segment(loop.arterial_px),
        "venous": _segment(loop.venous_px),
        "density": round(float(loop.density), 4),
        "is_ignored": bool(loop.is_ignored),
    }


def _haemorrhage(haemorrhage: HaemorrhageTruth) -> dict[str, Any]:
    return {"bbox": [float(v) for v in haemorrhage.bbox_px], "is_ignored": bool(haemorrhage.is_ignored)}


def _segment(segment: Any) -> list[list[float]] | None:
    return None if segment is None else [[float(x), float(y)] for x, y in segment]


def main() -> None:
    """Draw a cache from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/synthetic"))
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--unusual", type=float, default=0.0, help="share of crowded, steep, curved or small nailfolds")
    args = parser.parse_args()
    cache = render_cache(args.out, args.images, args.seed, args.workers, args.unusual)
    print(f"{len(cache)} images in {args.out}")


if __name__ == "__main__":
    main()
