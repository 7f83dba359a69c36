"""Loads kernel modules inside the virtual machine."""

import os
import subprocess
from pathlib import Path


def load(name: str) -> None:
    """Load a module that was announced to `vm.run_in_guest`, and what it needs, unless they are loaded."""
    for path in os.environ[f"NAILFOLD_MODULE_{name}"].split(":"):
        if not (Path("/sys/module") / Path(path).stem.replace("-", "_")).exists():
            subprocess.run(["busybox", "insmod", path], check=True)
