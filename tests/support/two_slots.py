"""The two systems of a box, without a disk: what GRUB, RAUC and the image's programmes do, by their own rules."""

import json
import sys
from pathlib import Path

from appliance.apps.station.fleet.system_slots import SlotPlaces, SystemSlots

sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/image"))
sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/image/programs"))
import confirm_slot
import install_update
from build_bundle import build_bundle
from test_ca import TestCa, make_test_ca


class TwoSlots:
    """A box that runs slot A; `slots` is what its station sees."""

    def __init__(self, folder: Path, wishes: Path, ca: TestCa) -> None:
        self._folder = folder
        folder.mkdir()
        configuration = folder / "system.conf"
        configuration.write_text(
            "[system]\ncompatible=nailfold-amd64\nbootloader=noop\n"
            f"[keyring]\npath={ca.authority}\nuse-bundle-signing-time=true\ncheck-purpose=codesign\n"
        )
        self.places = SlotPlaces(wishes, folder / "update", folder / "cmdline", configuration)
        self.places.outcomes.mkdir()
        self.slots = SystemSlots(self.places)
        self.boot("A")

    def boot(self, slot: str) -> None:
        """The box starts from it."""
        self.places.command_line.write_text(f"quiet rauc.slot={slot} root=/dev/x\n")

    @property
    def wish(self) -> dict[str, str] | None:
        """As the image's programme reads it."""
        return install_update.wanted(self.places.wishes, self.places.outcomes / "outcome.json")

    def install(self, reason: str = "") -> None:
        """Into slot B, or not, for that reason."""
        wish = self.wish
        assert wish is not None
        assert (self.places.wishes / wish["bundle"]).exists()
        self._say("outcome", job_id=wish["job_id"], slot="B", reason=reason)

    def confirm_if_judged(self, slot: str) -> str:
        """What the image's programme makes of the station's verdict, once the station works."""
        outcome = json.loads((self.places.outcomes / "outcome.json").read_text())
        verdict = self.places.wishes / "verdict.json"
        judged = confirm_slot.judged(slot, outcome, json.loads(verdict.read_text()) if verdict.exists() else {})
        if judged == "good":
            self._say("confirmed", slot=slot, job_id=outcome["job_id"])
        elif judged:
            self._say("taken-back", slot=slot, reason=judged.removeprefix("bad: "))
        return str(judged)

    def take_back(self, slot: str, reason: str) -> None:
        """As where the station does not start."""
        self._say("taken-back", slot=slot, reason=reason)

    def _say(self, name: str, **document: str) -> None:
        (self.places.outcomes / f"{name}.json").write_text(json.dumps(document))


def authority_in(folder: Path) -> TestCa:
    """Who signs bundles; a new one where the folder has none."""
    return make_test_ca(folder)


def make_bundle(out: Path, ca: TestCa, content: str = "a system", compatible: str = "nailfold-amd64") -> Path:
    """A real bundle of RAUC around a file that is no system."""
    root = out.with_suffix(".root")
    root.write_bytes(content.encode().ljust(8192, b"."))
    build_bundle(root, "0.2.0", ca.signer, ca.key, out, compatible)
    return out
