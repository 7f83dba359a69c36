"""make audit: known vulnerabilities of what the locks pin, secrets in the repository.

    python tests/audit/audit.py [--out build/reports/audit.json]

Rules for the product's own code are part of `make lint` (ruff's S). An index of vulnerabilities that cannot be asked is
named, and then nothing is claimed. Exit code 1: something was found.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock")
# Digests, and passwords that tests and texts make up.
NO_SECRETS = r"package-lock\.json|docs/openapi\.json|engines/weights/|/seal\.json|tests/|/texts/|docs/"
TIMEOUT_S = 300


def python_packages(lock: str) -> tuple[list[str], str]:
    """What pip-audit knows of a lock's packages, and what it could not be asked about."""
    command = [sys.executable, "-m", "pip_audit", "-r", lock, "--no-deps", "--disable-pip", "-f", "json"]
    answer = _answer(command, REPOSITORY)
    if answer is None:
        return [], f"{lock}: the index of vulnerabilities of Python packages could not be asked"
    packages = answer["dependencies"]
    found = [f"{one['name']} {one['version']}: {each['id']}" for one in packages for each in one.get("vulns", ())]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    return found, f"{lock}: {len(skipped)} of {len(packages)} packages could not be asked about" if skipped else ""


def npm_packages() -> tuple[list[str], str]:
    """What npm knows of the frontend's packages, those for building included."""
    npm = shutil.which("npm")
    if npm is None:
        return [], "npm is not there: the frontend's packages were not asked about"
    answer = _answer([npm, "audit", "--json"], REPOSITORY / "webui/frontend")
    if answer is None or "vulnerabilities" not in answer:
        return [], "the index of vulnerabilities of npm packages could not be asked"
    return [f"{name}: {one['severity']}" for name, one in answer["vulnerabilities"].items()], ""


def secrets() -> list[str]:
    """Files and lines that look like a key or a password."""
    answer = _answer([sys.executable, "-m", "detect_secrets", "scan", "--exclude-files", NO_SECRETS], REPOSITORY)
    if answer is None:
        raise SystemExit("detect-secrets did not answer")
    return [f"{name}:{one['line_number']}: {one['type']}" for name, found in answer["results"].items() for one in found]


def _answer(command: list[str], folder: Path) -> dict[str, Any] | None:
    """JSON of a command whatever its exit code; None where it gave none."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT_S, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return answer


def main() -> None:
    """Print what was found and what could not be asked; write both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build/reports/audit.json")
    out: Path = parser.parse_args().out
    answers = [*(python_packages(lock) for lock in LOCKS), npm_packages(), (secrets(), "")]
    found = sorted({line for lines, _ in answers for line in lines})
    unknown = [note for _, note in answers if note]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"found": found, "not_asked": unknown}, indent=2) + "\n")
    for line in (*found, *unknown):
        print(line)
    print(f"audit: {len(found)} found, {len(unknown)} not asked")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
