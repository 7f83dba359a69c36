#!/usr/bin/python3
"""Confirms the slot that runs once the station works, or takes it back. Does nothing where it is confirmed already.

A station works when it is active, answers on its own pages, and has not been started again for a while. It does not
when systemd had to start it three times, or cannot start it since its data folder is not mounted: then the slot is
marked bad, the reason is kept, and the computer restarts into the other. No clock ends the trial of a slow computer;
one that hangs is restarted by its watchdog, and GRUB or UEFI counts the tries. Which of the two says the program beside
this one: boot_slots or, on a Jetson, jetson_slots.

Where the fleet asked for the update, the station also measures its reference pictures, and its verdict is waited for.
"""

import importlib
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parent))

STATION = "nailfold-station.service"
REASON_FILE = Path("/data/update/taken-back.json")
OUTCOME_FILE = Path("/data/update/outcome.json")
CONFIRMED_FILE = Path("/data/update/confirmed.json")
VERDICT_FILE = Path("/var/lib/nailfold/system-update/verdict.json")
MOST_RESTARTS = 3
SETTLED_AFTER_S = 60.0
_EVERY_S = 2.0
DATA_FOLDER = Path("/var/lib/nailfold")
"""A mount of the data partition on every box; inside a root, exams would be gone with the next update."""
_ASKED = ("ActiveState", "NRestarts", "StatusText")


def verdict(shown: Mapping[str, str], settled_s: float, answers: Callable[[str], bool], has_data: bool = True) -> str:
    """ "good", "bad: why", or "" while it is open.

    Args:
        shown: the station's properties, as systemctl shows them.
        settled_s: how long it has been active without a restart.
        answers: whether a page comes from this address.
        has_data: whether its data folder is mounted.
    """
    if shown["ActiveState"] == "failed":
        return "bad: the station failed"
    if shown["ActiveState"] == "inactive" and not has_data:
        return "bad: the data partition cannot be used"
    if int(shown["NRestarts"] or 0) >= MOST_RESTARTS:
        return f"bad: the station was started again {shown['NRestarts']} times"
    if shown["ActiveState"] != "active" or settled_s < SETTLED_AFTER_S:
        return ""
    return "good" if answers(shown["StatusText"]) else ""


def judged(slot: str, outcome: Mapping[str, str], said: Mapping[str, str]) -> str:
    """What the station's own measurement adds to a system that works: "good", "bad: why", or "" while it measures.

    Args:
        outcome: of the last update that the fleet asked for; one into another slot has nothing to do with this trial.
        said: the station's verdict.
    """
    if outcome.get("slot") != slot or outcome.get("reason"):
        return "good"
    if said.get("job_id") != outcome.get("job_id"):
        return ""
    return f"bad: {said['reason']}" if said.get("reason") else "good"


def page_comes(url: str) -> bool:
    """From this box's own server; its certificate is for browsers."""
    found = re.fullmatch(r"(https?)://[^/]*:(\d+)", url)
    if found is None:
        return False
    context = ssl._create_unverified_context() if found[1] == "https" else None  # noqa: S323 (this very computer)
    address = f"{found[1]}://127.0.0.1:{found[2]}/health/alive"
    try:
        with urllib.request.urlopen(address, timeout=10, context=context) as answer:  # noqa: S310 (http or https)
            return bool(answer.status == 200)
    except OSError:
        return False


def _shown() -> dict[str, str]:
    command = ["systemctl", "show", STATION, *(f"--property={name}" for name in _ASKED)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in told.splitlines())


def _read(file: Path) -> dict[str, str]:
    """Empty where there is none that can be read."""
    try:
        document = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _await_verdict(slot: str) -> str:
    active_since_s, restarts = time.monotonic(), "0"
    while True:
        shown = _shown()
        if shown["ActiveState"] != "active" or shown["NRestarts"] != restarts:
            active_since_s, restarts = time.monotonic(), shown["NRestarts"]
        found = verdict(shown, time.monotonic() - active_since_s, page_comes, os.path.ismount(DATA_FOLDER))
        # A bad measurement need not wait for the minute.
        measured = judged(slot, _read(OUTCOME_FILE), _read(VERDICT_FILE))
        if found.startswith("bad") or (found and measured) or measured.startswith("bad"):
            return found if found.startswith("bad") else measured
        time.sleep(_EVERY_S)


def _keep(path: Path, **document: object) -> None:
    """For the pages and the fleet. A full or damaged disk is said, and stands in the way of nothing."""
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("w") as file:
            json.dump({**document, "at_s": round(time.time())}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o644)  # the station reads it
        fresh.replace(path)
    except OSError as error:
        print(f"{path} cannot be written: {error}", flush=True)


def slots_here() -> ModuleType:
    """Who keeps the slots' state on this computer."""
    is_jetson = (Path(__file__).resolve().parent / "jetson_slots.py").exists()
    return importlib.import_module("jetson_slots" if is_jetson else "boot_slots")


def main() -> None:
    """Of the slot that runs."""
    slots = slots_here()
    slot = slots.running()
    if slot is None:
        sys.exit("confirm-slot: this system was not started from a slot")
    if not slots.is_on_trial(slot):
        return
    print(f"slot {slot} is on trial", flush=True)
    outcome = _await_verdict(slot)
    if outcome == "good":
        subprocess.run(["rauc", "status", "mark-good"], check=True)
        slots.note_confirmed(slot)
        asked = _read(OUTCOME_FILE)
        _keep(CONFIRMED_FILE, slot=slot, job_id=asked.get("job_id", "") if asked.get("slot") == slot else "")
        print(f"slot {slot} is confirmed", flush=True)
        return
    print(f"slot {slot} is taken back: {outcome.removeprefix('bad: ')}", flush=True)
    _keep(REASON_FILE, slot=slot, reason=outcome.removeprefix("bad: "))
    slots.give_up(slot)
    subprocess.run(["systemctl", "reboot"], check=True)


if __name__ == "__main__":
    main()
