"""The training loop of both networks: cosine schedule by the clock, averaged weights, checkpoints that resume."""

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

Loss = tuple[Tensor, dict[str, float]]

EMA_DECAY = 0.999
WARM_UP = 0.02
"""Share of the time during which the learning rate rises."""
CHECKPOINT_EVERY_S = 120.0


@dataclass(frozen=True)
class FitSettings:
    """How long and how fast.

    Attributes:
        out: folder of checkpoint.pt and log.jsonl.
        minutes: of training, earlier parts of a resumed run included. The schedule follows the clock, since the
            machine may be shared: whatever it achieves, the rate ends at zero on time.
        learning_rate: peak, for AdamW.
        is_resumed: go on from the checkpoint in `out`.
        start: checkpoint of another run whose averaged weights this one begins with; None begins at random.
    """

    out: Path
    minutes: float
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    log_every: int = 50
    is_resumed: bool = False
    start: Path | None = None


@dataclass
class Fit:
    """A network in training: its average, its optimiser, and how far it has come."""

    net: nn.Module
    settings: FitSettings
    step: int = 0
    elapsed_s: float = 0.0

    def __post_init__(self) -> None:
        if self.settings.start is not None:
            self.net.load_state_dict(torch.load(self.settings.start, map_location="cpu", weights_only=True)["average"])
        self.average = deepcopy(self.net).eval().requires_grad_(False)
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": decayed}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=1e-9, weight_decay=self.settings.weight_decay)
        self.settings.out.mkdir(parents=True, exist_ok=True)
        if self.settings.is_resumed:
            self._load()

    @property
    def progress(self) -> float:
        """0 to 1, by the clock."""
        return min(self.elapsed_s / (self.settings.minutes * 60), 1.0)

    def run(self, batches: Iterator[Any], loss_of: Callable[[Any], Loss]) -> nn.Module:
        """Train until the time is up; the network of averaged weights."""
        checkpoint_s = self.elapsed_s
        began_s = time.monotonic() - self.elapsed_s
        for batch in batches:
            self._step(*loss_of(batch))
            self.elapsed_s = time.monotonic() - began_s
            if self.elapsed_s - checkpoint_s > CHECKPOINT_EVERY_S or self.progress >= 1:
                self._save()
                checkpoint_s = self.elapsed_s
            if self.progress >= 1:
                break
        return self.average

    def _step(self, loss: Tensor, parts: dict[str, float]) -> None:
        rate = learning_rate(self.progress) * self.settings.learning_rate
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimiser.step()
        self.step += 1
        _average(self.average, self.net, min(EMA_DECAY, self.step / (self.step + 20)))
        if self.step % self.settings.log_every == 0:
            self._log({"loss": float(loss.detach()), **parts, "rate": rate})

    def _log(self, figures: dict[str, float]) -> None:
        line = {"step": self.step, "elapsed_s": round(self.elapsed_s, 1)}
        line |= {name: round(value, 5) for name, value in figures.items()}
        with (self.settings.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        state = {"net": self.net.state_dict(), "average": self.average.state_dict()}
        state |= {"optimiser": self.optimiser.state_dict(), "step": self.step, "elapsed_s": self.elapsed_s}
        # Renamed into place: an interrupted run never leaves half a checkpoint.
        torch.save(state, self.settings.out / "checkpoint.part")
        (self.settings.out / "checkpoint.part").replace(self.settings.out / "checkpoint.pt")

    def _load(self) -> None:
        state = torch.load(self.settings.out / "checkpoint.pt", map_location="cpu", weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]


def learning_rate(progress: float) -> float:
    """Share of the peak rate: a linear rise over WARM_UP, then half a cosine down to zero."""
    if progress < WARM_UP:
        return (progress + 1e-4) / WARM_UP
    return float(0.5 + 0.5 * torch.cos(torch.tensor((progress - WARM_UP) / (1 - WARM_UP) * torch.pi)))


def _average(average: nn.Module, net: nn.Module, decay: float) -> None:
    ours, theirs = average.state_dict(), net.state_dict()
    with torch.no_grad():
        for name, value in ours.items():
            if value.dtype.is_floating_point:
                value.lerp_(theirs[name].to(value.dtype), 1 - decay)
            else:
                value.copy_(theirs[name])
