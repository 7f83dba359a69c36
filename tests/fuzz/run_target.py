"""One target under atheris, in a process of its own: run_target.py NAME CORPUS [libFuzzer's flags]

The corpus begins with the target's seeds; what libFuzzer finds to reach new code is added to it.
"""

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["appliance", "engines"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Until the flags' number of runs, or the first fault."""
    name, corpus, *flags = sys.argv[1:]
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[name].seeds():
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    atheris.Setup([sys.argv[0], str(folder), *flags], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
