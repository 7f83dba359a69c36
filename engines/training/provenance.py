"""How a network was made, written beside it as run.json and from there into the manifest."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any


def write_run(out: Path, module: str, *, seed: int, images: int, steps: int, batch: int, minutes: float) -> None:
    """Write run.json into the run's folder."""
    folder = out.name if out.is_absolute() else out
    run: dict[str, Any] = {
        "command": f"python -m {module} --out {folder} --images {images} --minutes {minutes:g} --seed {seed}",
        "git_commit": git_commit(),
        "seed": seed,
        "images": images,
        "epochs": round(steps * batch / images, 1),
        "steps": steps,
        "batch": batch,
        "minutes": minutes,
        "machine": describe_machine(),
    }
    (out / "run.json").write_text(json.dumps(run, indent=2) + "\n")


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
