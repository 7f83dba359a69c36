"""make fuzz: every parser of outside bytes under atheris, into build/reports/fuzz.json.

    python tests/fuzz/fuzz.py [--cases 1000000] [--target NAME ...] [--out build/reports/fuzz.json]

A fault is an exception that is no refusal, a crash, a case of more than 5 s, or one that takes the process more than
300 MB above its start. The bytes of each lie beside the report; put them into tests/fuzz/faults/TARGET, and they run
with every `make test`.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fuzz.targets import TARGETS

REPOSITORY = Path(__file__).parents[2]
SLOWEST_CASE_S = 5
MOST_GROWTH_MB = 300
START_MB = 150
"""What a process holds with everything imported, before the first case."""
_SAID = re.compile(r"ALARM: working on|libFuzzer: (?:timeout|out-of-memory|deadly signal)|Uncaught Python")


def fuzz(name: str, cases: int, found: Path) -> dict[str, Any]:
    """The figures of one target; what broke it is kept in `found`."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        command = [sys.executable, "-m", "tests.fuzz.run_target", name, corpus, f"-runs={cases}", "-seed=1"]
        command += [f"-timeout={SLOWEST_CASE_S}", f"-rss_limit_mb={START_MB + MOST_GROWTH_MB}", "-max_len=65536"]
        command += ["-print_final_stats=1", f"-artifact_prefix={found}/{name}-"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, errors="replace", check=False)
    said = done.stdout + done.stderr
    executed = re.search(r"number_of_executed_units:\s*(\d+)", said)
    peak = re.search(r"peak_rss_mb:\s*(\d+)", said)
    is_hang = "libFuzzer: timeout" in said
    figures: dict[str, Any] = {
        "cases": int(executed[1]) if executed else 0,
        "crashes": int(done.returncode != 0 and not is_hang),
        "hangs": int(is_hang),
        "peak_mb": int(peak[1]) if peak else None,
        "seconds": round(time.monotonic() - began_s, 1),
    }
    if done.returncode != 0:
        lines = [line for line in said.splitlines() if line.strip()]
        at = next((number for number, line in enumerate(lines) if _SAID.search(line)), len(lines) - 12)
        figures["said"] = lines[max(0, at) : at + 12]
    return figures


def main() -> None:
    """Fuzz target after target; exit code 1 where one broke."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000, help="of all targets together")
    parser.add_argument("--target", choices=list(TARGETS), nargs="+", default=list(TARGETS))
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build/reports/fuzz.json")
    args = parser.parse_args()
    found = args.out.parent / "fuzz"
    found.mkdir(parents=True, exist_ok=True)
    whole = sum(TARGETS[name].share for name in args.target)
    by_target: dict[str, dict[str, Any]] = {}
    for name in args.target:
        by_target[name] = fuzz(name, max(1, round(args.cases * TARGETS[name].share / whole)), found)
        print(name, json.dumps(by_target[name]), flush=True)
    totals = {key: sum(one[key] for one in by_target.values()) for key in ("cases", "crashes", "hangs")}
    args.out.write_text(json.dumps({**totals, "targets": by_target}, indent=2) + "\n")
    print(json.dumps(totals))
    sys.exit(1 if totals["crashes"] or totals["hangs"] else 0)


if __name__ == "__main__":
    main()
