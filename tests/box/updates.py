"""`make test-image`: the disk of `make image` in an emulated machine: first start, backup stick, erasing, updates.

    python -m tests.box.updates [--light] [--parts chain backup erase update bad] [--cuts 3] [--seed 1] [--uefi]

Limits are seconds of the emulator's own time (own_time.py): a busy computer ends none of it.

All is seen from outside, by the serial line and the pages. Figures go into build/reports/box.json. Minutes a start;
needs the image and its bundles (make image bundle), qemu-system-x86, nbdkit, dosfstools and mtools.
"""

import argparse
import contextlib
import json
import random
import shutil
import sys
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.box.machine import REPOSITORY, Machine, empty_stick, read_from_stick, stick_with
from tests.box.services import await_so

_START_S = 2400.0
_LONGEST_UNTIL_CUT_S = 240.0
_PARTS = ("chain", "backup", "erase", "lost", "update", "bad")
_LIGHT_PARTS = ("chain", "backup")
_NAME, _PASSWORD = "ana.ruiz", "small vessels tell"


class Trial:
    """One machine through all of it; the pages are the station's.

    Attributes:
        figures: for the report.
        finished: exams that the box said it had finished.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.figures: dict[str, Any] = {}
        self.finished: list[str] = []

    def boot(self) -> None:
        """The first start: live, set up by the code on the screen, and one exam."""
        self.figures["boot_to_live_s"] = self._start()
        self.set_up()
        self.see()
        self.examine()
        self.note("first start", f"live after {self.figures['boot_to_live_s']} s, {self.finished}")

    def update(self, stick: Path) -> None:
        """An update from a stick goes into B, starts, and is confirmed; the exam is still there."""
        self._restart_with(stick)
        self.machine.await_printed(r"installed; restarting into it", _START_S)
        self.machine.await_printed(r"nailfold: slot B \(try3\)", _START_S)
        self.machine.await_printed(r"slot B is confirmed", _START_S)
        self._require_exams()
        self.machine.cut()
        state = self.machine.boot_state
        self.figures["update_confirmed"] = (state["first"], state["b"]) == ("B", "good")
        self.note("update", state)

    def cuts(self, stick: Path, cuts: int) -> None:
        """The power goes while an update is written, started and confirmed; the box comes up, and is whole."""
        states: list[str] = []
        for number in range(cuts):
            self._restart_with(stick)
            until_s = self.machine.own_time() + random.uniform(30.0, _LONGEST_UNTIL_CUT_S)
            while self.machine.own_time() < until_s:
                if self.machine.is_live():
                    self.examine()
                time.sleep(0.5)
            self.machine.cut()
            state = self.machine.boot_state
            states.append(f"{state['first']}: a {state['a']}, b {state['b']}")
            self.note(f"cut {number + 1} of an update", states[-1])
        self._restart_with(stick)
        self._require_exams()
        self.machine.cut()
        self.figures["cuts_while_updating"] = cuts
        self.figures["kept_over_cuts"] = len(self.finished)
        self.note("after the cuts", f"{self.machine.boot_state}, {len(self.finished)} kept, none lost")

    def bad(self, stick: Path) -> None:
        """One whose station does not start is taken back, and what ran before comes up with the exam; not twice."""
        self.machine.cut()
        good, bad = self._running_and_other()
        self._restart_with(stick)
        self.machine.await_printed(rf"nailfold: slot {bad} \(try3\)", _START_S)
        taken_back = self.machine.await_printed(rf"slot {bad} is taken back: [^\n]*", _START_S)
        self.machine.await_printed(rf"nailfold: slot {good} \(good\)", _START_S, after=taken_back.end())
        self.machine.await_printed(r"is or was installed already", _START_S, after=taken_back.end())
        await_so(self.machine.is_live, "live picture", _START_S, self.machine.own_time)
        self._require_exams()
        self.machine.cut()
        state = self.machine.boot_state
        # The bad one stays the first choice by name; GRUB passes over it.
        self.figures["bad_update_rolled_back"] = (state[good.lower()], state[bad.lower()]) == ("good", "bad")
        self.note("bad update", f"{taken_back[0]}; {state}")

    def _running_and_other(self) -> tuple[str, str]:
        """As GRUB chooses; read while the machine is off."""
        state = self.machine.boot_state
        other = {"A": "B", "B": "A"}
        first = state["first"]
        running = other[first] if state[first.lower()] == "bad" else first
        return running, other[running]

    def erase(self, folder: Path) -> None:
        """A stick that names this box: it comes up as a new one, with a proof, another id and nothing kept; once."""
        named = self.machine.await_printed(r"nailfold: box ([0-9a-f]{8})", _START_S)[1]
        request, stick = folder / f"erase-{named}", folder / "erase.stick"
        request.write_text("")
        stick_with(request, stick)
        self._restart_with(stick)
        asked = self.machine.await_printed(r"the stick asks to erase this box; restarting", _START_S)
        told = self.machine.await_printed(r"nailfold: erased: (\{.*\})", _START_S, after=asked.end())
        fresh = self.machine.await_printed(r"nailfold: box ([0-9a-f]{8})", _START_S, after=told.end())
        await_so(self.machine.is_live, "live picture", _START_S, self.machine.own_time)
        self.require_new()
        proof = json.loads(told[1])
        checks = ("header_is_zero", "old_key_is_refused", "key_is_overwritten")
        is_once = "asks to erase" not in self.machine.printed()[fresh.end() :]
        self.figures["erased"] = is_once and fresh[1] != named and all(proof[name] for name in checks)
        self.note("erase", f"box {named} is now {fresh[1]}; {proof}")

    def lose(self, folder: Path) -> None:
        """Data that no key opens: the box says so, changes nothing, and begins anew where a stick asks it to."""
        self.machine.cut()
        self.machine.overwrite("data", bytes(32 << 20))
        self.machine.stick = None
        self.machine.start()
        told = self.machine.await_printed(r"cannot be opened with its key[^\n]*erase-([0-9a-f]{8})", _START_S)
        request, stick = folder / f"erase-{told[1]}", folder / "give-up.stick"
        request.write_text("")
        stick_with(request, stick)
        self._restart_with(stick)
        asked = self.machine.await_printed(r"the stick asks to erase the data that cannot be used", _START_S)
        self.machine.await_printed(r"nailfold: erased: \{", _START_S, after=asked.end())
        await_so(self.machine.is_live, "live picture", _START_S, self.machine.own_time)
        self.require_new()
        self.figures["given_up"] = True
        self.note("data that could not be opened", "given up by a stick; a new box is live")

    def begin_again(self) -> None:
        """As the new box that an erased one is."""
        self.finished.clear()
        self.set_up()
        self.examine()

    def require_new(self) -> None:
        """Exits where the box is not as from the factory."""
        if not self.machine.browser().url_of("/").endswith("/setup"):
            sys.exit("an erased box does not ask to be set up")

    def see(self) -> None:
        """A picture with its result comes over the WebSocket, seen from outside of the machine."""
        browser = self.machine.browser()
        browser.log_in(_NAME, _PASSWORD)
        began_s = time.monotonic()
        header, jpeg = self.machine.live_frame(browser, _START_S)
        image = header["image"]
        if not jpeg.startswith(b"\xff\xd8"):
            sys.exit(f"the live message holds no JPEG: {header}")
        self.figures["live_frame"] = {
            "seq": header["seq"],
            "bytes_of_jpeg": len(jpeg),
            "size_px": [image["width"], image["height"]],
            "capillaries": len(image["capillaries"]),
            "waited_s": round(time.monotonic() - began_s, 1),
        }
        self.note("live frame", self.figures["live_frame"])

    def set_up(self) -> None:
        """With the two words that stand on the screen."""
        self.machine.browser().set_up(self.machine.await_printed(r"two words (\S+)", 60)[1])

    def examine(self) -> None:
        """One exam of one picture."""
        browser = self.machine.browser()
        browser.log_in(_NAME, _PASSWORD)
        if browser.json("/api/v1/state")["exam"]["exam_id"] is None:
            name = f"NC-{random.randrange(10**6):06}"
            browser.post("/api/v1/exam/start", pseudonym=name, is_new=True, protocol="free")
        # In emulation the newest picture is often older than the box keeps.
        browser.post_until_taken("/api/v1/exam/capture", _START_S)
        self.finished.append(browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"])

    def note(self, what: str, how: object) -> None:
        print(f"{time.strftime('%H:%M:%S')} {what}: {how}", flush=True)

    def _restart_with(self, stick: Path) -> None:
        self.machine.cut()
        self.machine.stick = stick
        self.machine.start()

    def _start(self) -> float:
        began_s = time.monotonic()
        self.machine.start()
        await_so(self.machine.is_live, "live picture", _START_S, self.machine.own_time)
        return round(time.monotonic() - began_s, 1)

    def _require_exams(self) -> None:
        await_so(self.machine.is_live, "live picture", _START_S, self.machine.own_time)
        if lost := self.lost():
            sys.exit(f"finished and not there, or without pictures: {lost}")

    def lost(self) -> list[str]:
        """What was finished and is not whole."""
        browser = self.machine.browser()
        browser.log_in(_NAME, _PASSWORD)
        return [one for one in self.finished if not browser.json(f"/api/v1/exams/{one}")["exam"]["pictures"]]


class LightTrial(Trial):
    """With the stand-in for the station (guest/stand_in.py): a file that it said is on the disk is an exam here."""

    def set_up(self) -> None:
        """It has no accounts."""

    def see(self) -> None:
        """It has no pictures."""

    def require_new(self) -> None:
        if kept := self.machine.browser().json("/kept")["kept"]:
            sys.exit(f"an erased box still holds {kept}")

    def examine(self) -> None:
        """One durable file."""
        name = f"kept-{len(self.finished):04}"
        try:
            self.machine.browser().post(f"/keep/{name}")
        except (OSError, HTTPException):
            return  # no power, or no network yet
        self.finished.append(name)

    def chain(self) -> None:
        """What the system around the station takes, as its own systemd says."""
        told: dict[str, str] = {}

        def is_finished() -> bool:
            told.update(self.machine.browser().json("/chain"))
            return bool(told["chain"])

        # systemd answers once everything that it starts has been started.
        await_so(is_finished, "end of the start", _START_S, self.machine.own_time)
        self.figures["critical_chain"] = told["chain"].splitlines()
        self.note("systemd", told["time"].strip().replace("\n", "; ") + "\n" + told["chain"])

    def backup(self, folder: Path) -> None:
        """A stick for backups, plugged in while the box runs and before it starts; pulled out without a word."""
        stick = folder / "backup.stick"
        empty_stick(stick, "NF-BACKUP")
        self.machine.plug(stick)
        self._write_onto_stick("while-it-runs")
        self.machine.unplug()
        await_so(self._has_no_stick, "end of the mount", _START_S, self.machine.own_time)
        self.machine.cut()
        self.machine.start()
        self.machine.plug(stick)
        await_so(self.machine.is_live, "live picture", _START_S, self.machine.own_time)
        self._write_onto_stick("before-it-started")
        self.machine.cut()
        names = ("while-it-runs", "before-it-started")
        self.figures["backup_stick"] = all(read_from_stick(stick, name) == name.encode() * 1000 for name in names)
        self.note("backup stick", f"{names} are on it, read from outside")
        self.machine.start()

    def _has_no_stick(self) -> bool:
        """Reading from one that was just pulled out fails, for a moment."""
        with contextlib.suppress(OSError, HTTPException):
            return not self.machine.browser().json("/stick")["is_there"]
        return False

    def _write_onto_stick(self, name: str) -> None:
        is_there = lambda: self.machine.browser().json("/stick")["is_there"]  # noqa: E731
        await_so(is_there, "stick", _START_S, self.machine.own_time)
        answer = self.machine.browser().post(f"/stick/{name}")
        if not answer["is_kept"]:
            sys.exit(f"the station cannot write onto the stick: {answer['why']}")

    def lost(self) -> list[str]:
        kept = self.machine.browser().json("/kept")["kept"]
        return [name for name in self.finished if name not in kept]


def main() -> int:
    """Exit status 0 if every part asked for went as it must."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    built = REPOSITORY / "build"
    options.add_argument("--light", action="store_true", help="with a stand-in for the station: minutes, not an hour")
    options.add_argument("--uefi", action="store_true", help="started by UEFI (Debian's package ovmf), not by a BIOS")
    options.add_argument("--parts", nargs="+", choices=_PARTS, help="default: all; chain and backup with --light alone")
    options.add_argument("--cuts", type=int, default=0, help="power cuts during the update, before it goes through")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--report", type=Path, default=built / "reports/box.json")
    asked = options.parse_args()
    place = built / ("light" if asked.light else "image")
    folder = built / "box/machine"
    shutil.rmtree(folder, ignore_errors=True)
    machine = Machine(
        folder, place / "nailfold-amd64.img", scheme="http" if asked.light else "https", is_uefi=asked.uefi
    )
    trial = LightTrial(machine) if asked.light else Trial(machine)
    parts = asked.parts or [part for part in _PARTS if asked.light or part not in _LIGHT_PARTS]
    random.seed(asked.seed)
    try:
        _go_through(trial, parts, asked.cuts, place, folder)
    finally:
        machine.cut()
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(asked.report.read_text()) if asked.report.exists() else {"schema": "nailfold.box/1"}
        figures = {f"light_{name}": value for name, value in trial.figures.items()} if asked.light else trial.figures
        asked.report.write_text(json.dumps({**known, **figures}, indent=2) + "\n")
        print(json.dumps(figures, indent=2))
    return 0 if all(trial.figures.values()) else 1


def _go_through(trial: Trial, parts: list[str], cuts: int, place: Path, folder: Path) -> None:
    trial.boot()
    if isinstance(trial, LightTrial) and "chain" in parts:
        trial.chain()
    if isinstance(trial, LightTrial) and "backup" in parts:
        trial.backup(folder)
    later = cuts or {"lost", "update", "bad"} & set(parts)
    if "erase" in parts:
        trial.erase(folder)
        if later:
            trial.begin_again()
    if "lost" in parts:
        trial.lose(folder)
        if cuts or {"update", "bad"} & set(parts):
            trial.begin_again()
    update, bad = folder / "update.stick", folder / "bad.stick"
    if cuts or "update" in parts:
        stick_with(place / "nailfold-amd64.raucb", update)
    if cuts:
        trial.cuts(update, cuts)
    elif "update" in parts:
        trial.update(update)
    if "bad" in parts:
        stick_with(place / "bad.raucb", bad)
        trial.bad(bad)


if __name__ == "__main__":
    sys.exit(main())
