"""The two systems of a box, as its station sees them: it may ask for an update and judge it, and writes neither slot.

The station has no right to install anything. It leaves a wish in its own folder; a programme of the image
(image-build/image/programs/install_update.py) takes it, and another (confirm_slot.py) waits for the verdict.
"""

import json
import re
import shutil
import subprocess
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.domain.errors import UpdateError
from appliance.durable_files import write_durably

_INFO_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class SlotPlaces:
    """Where things are; other places are for tests.

    Attributes:
        wishes: the station's own folder; wanted.json and verdict.json are in it.
        outcomes: of the image's programmes: outcome.json, confirmed.json and taken-back.json.
        command_line: of the kernel; rauc.slot= names the slot that runs.
        rauc_configuration: compatible, and where the keyring is.
        slot_file: the same on a Jetson, whose firmware puts nothing there (image-build/jetson: data_partition.py).
    """

    wishes: Path
    outcomes: Path = Path("/data/update")
    command_line: Path = Path("/proc/cmdline")
    rauc_configuration: Path = Path("/etc/rauc/system.conf")
    slot_file: Path = Path("/run/nailfold-data/slot")


class SystemSlots:
    """Every method raises UpdateError."""

    def __init__(self, places: SlotPlaces) -> None:
        self._places = places

    @property
    def running(self) -> str:
        """The slot that runs: "A" or "B"."""
        named = re.search(r"\brauc\.slot=(\w+)\b", _text_of(self._places.command_line))
        slot = named[1] if named else _text_of(self._places.slot_file).strip()
        if not slot or shutil.which("rauc") is None:
            raise UpdateError("this computer has no two slots for its system", "Update it as it was installed.")
        return slot

    def require_acceptable(self, bundle: Path) -> str:
        """Its version, where the signature is of this box's keyring and the bundle is for this kind of box."""
        configuration = ConfigParser()
        try:
            configuration.read_string(self._places.rauc_configuration.read_text("utf-8"))
            compatible = configuration["system"]["compatible"]
        except (OSError, Error, KeyError) as error:
            raise UpdateError(f"{self._places.rauc_configuration} cannot be used: {error}") from error
        info = self._info(bundle)
        if info.get("compatible") != compatible:
            raise UpdateError(f"the bundle is for {info.get('compatible')!r}, this box is a {compatible!r}")
        return str(info.get("version", ""))

    def ask(self, job_id: str, bundle: Path) -> None:
        """Have it installed: the image's programme ends the station, writes the other slot and restarts the box."""
        self._write("wanted.json", {"job_id": job_id, "bundle": bundle.name})

    def withdraw(self) -> None:
        """What was asked for is no longer wanted."""
        (self._places.wishes / "wanted.json").unlink(missing_ok=True)

    def outcome(self, job_id: str) -> dict[str, str] | None:
        """`slot` it was installed into, and `reason` where it was not; None: nobody has tried."""
        said = self._said("outcome.json")
        return said if said.get("job_id") == job_id else None

    def judge(self, job_id: str, reason: str) -> None:
        """This system measures as it must, or why not: then the box goes back to the other slot."""
        self._write("verdict.json", {"job_id": job_id, "reason": reason})

    def is_confirmed(self, job_id: str) -> bool:
        """Whether the box starts this system from now on."""
        return self._said("confirmed.json").get("job_id") == job_id

    def why_taken_back(self, slot: str) -> str:
        """Of the last time that this slot was; empty where nobody noted it."""
        said = self._said("taken-back.json")
        return said.get("reason", "") if said.get("slot") == slot else ""

    def _info(self, bundle: Path) -> dict[str, Any]:
        command = ["rauc", "--conf", str(self._places.rauc_configuration), "info", "--output-format=json", str(bundle)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_INFO_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UpdateError(f"rauc cannot read the bundle: {error}") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["no reason given"]
            raise UpdateError(f"the bundle is not signed for this box: {said[-1][:200]}")
        try:
            info: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise UpdateError(f"rauc says about the bundle what cannot be read: {done.stdout[:100]!r}") from error
        return info

    def _write(self, name: str, document: dict[str, str]) -> None:
        try:
            self._places.wishes.mkdir(parents=True, exist_ok=True)
            write_durably(self._places.wishes / name, json.dumps(document).encode())
        except OSError as error:
            raise UpdateError(f"could not write {self._places.wishes / name}: {error.strerror}") from error

    def _said(self, name: str) -> dict[str, str]:
        try:
            said: dict[str, str] = json.loads((self._places.outcomes / name).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return said


def _text_of(file: Path) -> str:
    """Empty where it cannot be read."""
    try:
        return file.read_text("utf-8")
    except OSError:
        return ""
