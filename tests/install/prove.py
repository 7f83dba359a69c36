"""The install stage: a clean checkout, `make setup`, and what a new user may try first, in that environment alone.

Run by `make test-install`. Exit code 1 and one line where something fails; the log of the step that failed is printed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ALWAYS_THERE = {"pip", "setuptools", "wheel", "nailfold-appliance"}
STEP_TIMEOUT_S = 900


def main(place: Path, report: Path) -> int:
    """Make the checkout in `place`, try it, and write the seconds of each step into `report`."""
    checkout = place / "checkout"
    shutil.rmtree(place, ignore_errors=True)
    checkout.mkdir(parents=True)
    copy_tracked(REPOSITORY, checkout)
    seconds: dict[str, float] = {}
    python = str(checkout / ".venv/bin/python")
    steps = {
        "setup": ["make", "setup"],
        "commands and files": [python, "tests/install/probe.py", str(place / "work")],
        "wheel of the device": [python, "tests/install/device_wheel.py", str(place / "wheel")],
        "make run to the first live frame": [python, "tests/install/first_frame.py", str(place / "station")],
    }
    for name, command in steps.items():
        began = time.monotonic()
        done = subprocess.run(
            command,
            check=False,
            cwd=checkout,
            env=plain_environment(),
            capture_output=True,
            text=True,
            timeout=STEP_TIMEOUT_S,
        )
        seconds[name] = round(time.monotonic() - began, 1)
        if done.returncode != 0:
            print(done.stdout[-4000:], done.stderr[-4000:], sep="\n", file=sys.stderr)
            print(f"install: {name} failed with code {done.returncode}", file=sys.stderr)
            return 1
        print(f"install: {name}, {seconds[name]:.0f} s")
        print("".join(f"    {line}\n" for line in done.stdout.splitlines()[-12:]), end="")
        if name == "setup" and (more := foreign_packages(checkout)):
            print(f"install: `make setup` brought packages that requirements.lock lacks: {more}", file=sys.stderr)
            return 1
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"seconds": seconds}, indent=2) + "\n")
    shutil.rmtree(place)
    return 0


def copy_tracked(source: Path, target: Path) -> None:
    """What a clone would hold, with the changes that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def plain_environment() -> dict[str, str]:
    """The environment of a login shell: nothing of the environment that runs this."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS", "COV_", "NAILFOLD_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    own = str(Path(sys.prefix) / "bin")
    kept["PATH"] = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if part != own)
    return kept


def foreign_packages(checkout: Path) -> list[str]:
    """Installed in the fresh environment and not in requirements.lock."""
    lines = (checkout / "requirements.lock").read_text().splitlines()
    locked = {_normal(re.split(r"[=;\s\[]", line)[0]) for line in lines if line.strip()}
    listed = subprocess.run(
        [checkout / ".venv/bin/python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    )
    installed = {_normal(one["name"]) for one in json.loads(listed.stdout)}
    return sorted(installed - locked - ALWAYS_THERE)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(REPOSITORY / "build/install", REPOSITORY / "build/reports/install.json"))
