"""How a network was made, written beside it as run.json and from there into the manifest."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any


def describe_run(module: str, out: Path, *, seed: int, images: int, minutes: float) -> dict[str, Any]:
    """What a training is and where it runs."""
    folder = out.name if out.is_absolute() else out
    return {
        "command": f"python -m {module} --out {folder} --images {images} --minutes {minutes:g} --seed {seed}",
        "git_commit": git_commit(),
        "seed": seed,
        "images": images,
        "minutes": minutes,
        "machine": describe_machine(),
    }


def write_run(out: Path, run: dict[str, Any]) -> None:
    """Write run.json into the run's folder; epochs follow from steps, batch and images."""
    epochs = round(run["steps"] * run["batch"] / run["images"], 1)
    (out / "run.json").write_text(json.dumps({**run, "epochs": epochs}, indent=2) + "\n")


def git_commit() -> str:
    """The checkout's commit, "unknown" outside of one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def describe_machine() -> str:
    """Processor and core count."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"
