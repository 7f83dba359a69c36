"""Two states of the code by turns: what a live frame costs beside its networks, in each, as medians and as a ratio.

    python -m appliance.apps.workbench.bench.frame_pairs --before ../other-checkout --rounds 8

Each state has a process of its own, and one frame after the other is analysed by the one or the other: what else the
computer does meets both alike.
"""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

# Of what both states have: `frame_cost` of an older one may measure something else.
_WORKER = """
import json, sys, time
from appliance.apps.commands.options import load
from appliance.apps.picture_threads import one_thread_a_picture
from appliance.apps.workbench.bench.growth import SIZES, CountedPipeline
one_thread_a_picture()
settings = load(None, runtime="onnxruntime").settings.inference
counted, at = CountedPipeline(settings, SIZES[0], perf_counter=time.thread_time), 0
print("ready", flush=True)
for line in sys.stdin:
    done = []
    for _ in range(int(line)):
        analysis, in_networks_s, _ = counted.analyse(at)
        at += 1
        done.append((analysis.stage_ms["total"], 1000 * in_networks_s))
    print(json.dumps(done), flush=True)
"""
Costs = list[tuple[float, float]]
"""Milliseconds of the engine's thread a frame: all of it, and inside the networks."""


class State:
    """One state of the code at work."""

    def __init__(self, tree: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def analyse(self, frames: int) -> Costs:
        """What each of the next frames costs."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{frames}\n")
        self._process.stdin.flush()
        return [(total, networks) for total, networks in json.loads(self._answer())]

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise SystemExit(f"a state of the code ended with code {self._process.wait()}")
        return said


def pairs(trees: tuple[Path, Path], rounds: int, frames: int) -> dict[str, object]:
    """Medians of both states, and of the rounds' ratios of what is no network."""
    with ExitStack() as open_states:
        states = [State(tree) for tree in trees]
        for state in states:
            open_states.callback(state.close)
        costs: tuple[list[Costs], list[Costs]] = ([], [])
        for at in range(rounds + 1):
            for which in (0, 1) if at % 2 else (1, 0):
                done = states[which].analyse(frames)
                if at:  # the first round warms up
                    costs[which].append(done)
    ratios = [_rest(after) / _rest(before) for before, after in zip(*costs, strict=True)]
    before, after = ([one for part in parts for one in part] for parts in costs)
    return {
        "load_average": round(os.getloadavg()[0], 1),
        "before": _medians(before),
        "after": _medians(after),
        "rest_after_over_before": round(median(ratios), 3),
    }


def _rest(costs: Costs) -> float:
    return median(total - networks for total, networks in costs)


def _medians(costs: Costs) -> dict[str, float]:
    figures = {
        "networks": median(networks for _, networks in costs),
        "rest": _rest(costs),
        "over_networks": median(total / networks for total, networks in costs),
    }
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, help="a checkout of the other state")
    parser.add_argument("--after", type=Path, default=Path.cwd())
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--frames", type=int, default=30, help="of each state in a round")
    asked = parser.parse_args()
    print(json.dumps(pairs((asked.before.resolve(), asked.after.resolve()), asked.rounds, asked.frames), indent=2))


if __name__ == "__main__":
    main()
