"""Where training runs and in what precision, and the batches that feed it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset


def pick_device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where the processor computes in it: 174 against 377 ms a step on a CPU with avx512_bf16.

    Elsewhere float32: a CPU that has AVX2 alone takes ten times as long to imitate bfloat16 (20 against 2.1 s).
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu" or _cpu_has_bfloat16())


class EndlessSamples(IterableDataset):  # type: ignore[misc]  # torch has no types here
    """Samples without end; each worker and each run draws its own.

    Args:
        draw: makes one sample from a generator.
        seed: of the run.
    """

    def __init__(self, draw: Callable[[np.random.Generator], Any], seed: int) -> None:
        self.draw = draw
        self.seed = seed

    def __iter__(self) -> Iterator[Any]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, 0 if info is None else info.id])
        while True:
            yield self.draw(rng)


def batches(samples: EndlessSamples, batch: int, workers: int, collate: Callable[[list[Any]], Any]) -> Iterator[Any]:
    """Collated batches without end, drawn by `workers` processes (0: in this one)."""
    loader = DataLoader(
        samples, batch_size=batch, num_workers=workers, collate_fn=collate, worker_init_fn=_use_one_thread
    )
    return iter(loader)


def _cpu_has_bfloat16() -> bool:
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and "avx512_bf16" in cpuinfo.read_text()


def _use_one_thread(_worker: int) -> None:
    import cv2  # noqa: PLC0415  # only the workers' copy is to be slowed down

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
