"""RAUC's handler on a Jetson, against an nvbootctrl that answers as NVIDIA's; the pins' overlay as dtc compiles it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson/programs"))
sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image/programs"))
import confirm_slot
import jetson_slots
from jetson_slots import GUID, SlotError

from firmware.pin_map import HEADERS

JETSON = Path(__file__).parents[3] / "image-build/jetson"
NORMAL, UNBOOTABLE = bytes.fromhex("0700000000000000"), bytes.fromhex("07000000ff000000")

# What nvbootctrl of L4T 36 prints (developer forum 247290 and 340715), and what it does not do.
_NVBOOTCTRL = """#!/usr/bin/env python3
import sys
from pathlib import Path
here = Path(__file__).parent
state = dict(line.split("=") for line in (here / "state").read_text().split())
kept = lambda: (here / "state").write_text(" ".join(f"{k}={v}" for k, v in state.items()))
def status(slot):
    variable = here / f"RootfsStatusSlot{slot}-GUID"
    return "unbootable" if variable.exists() and variable.read_bytes()[4] else "normal"
assert sys.argv[1:3] == ["-t", "rootfs"], sys.argv
match sys.argv[3:]:
    case ["dump-slots-info"]:
        print(f"Current rootfs slot: {state['current']}")
        print(f"Active rootfs slot: {state['active']}")
        print(f"num_slots: {state['slots']}")
        for number, slot in enumerate("AB"[: int(state["slots"])]):
            print(f"slot: {number},             retry_count: {state[slot]},             status: {status(slot)}")
    case ["set-active-boot-slot", number]:
        # Where RootfsRedundancyLevel is not set the choice is dropped without a word.
        if state["redundant"] == "yes":
            state["active"] = "AB"[int(number)]
            kept()
    case ["verify"]:
        state[state["current"]] = "3"
        kept()
    case _:
        print("invalid option", file=sys.stderr)
        sys.exit(1)
"""


class Jetson:
    """Its firmware's state, beside the program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = folder / "nvbootctrl"
        program.write_text(_NVBOOTCTRL.replace("GUID", GUID))
        program.chmod(0o755)
        self.set(current="A", active="A", slots="2", redundant="yes", A="3", B="3")

    def set(self, **values: str) -> None:
        known = self.state if (self._folder / "state").exists() else {}
        (self._folder / "state").write_text(" ".join(f"{key}={value}" for key, value in (known | values).items()))

    @property
    def state(self) -> dict[str, str]:
        return dict(line.split("=") for line in (self._folder / "state").read_text().split())

    def variable(self, slot: str) -> Path:
        return self._folder / f"RootfsStatusSlot{slot}-{GUID}"

    def says(self, *words: str) -> str:
        return jetson_slots.main(words, self._folder)


@pytest.fixture
def jetson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jetson:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Jetson(tmp_path)


def test_an_update_starts_in_the_other_slot_and_is_confirmed(jetson: Jetson) -> None:
    assert (jetson.says("get-primary"), jetson.says("get-current")) == ("A", "A")
    jetson.says("set-state", "B", "bad")  # RAUC begins to write
    assert jetson.says("get-state", "B") == "bad"
    jetson.says("set-primary", "B")
    assert jetson.variable("B").read_bytes() == NORMAL
    assert (jetson.says("get-primary"), jetson.says("get-state", "B")) == ("B", "good")
    jetson.set(current="B", B="2")  # the computer has restarted
    jetson.says("set-state", "B", "good")
    assert jetson.state["B"] == "3"


def test_a_slot_that_was_given_up_does_not_start(jetson: Jetson) -> None:
    jetson.variable("B").write_bytes(NORMAL)
    jetson.says("set-state", "B", "bad")
    assert jetson.variable("B").read_bytes() == UNBOOTABLE
    assert jetson.says("get-state", "B") == "bad"
    assert jetson.says("get-state", "A") == "good"


def test_the_other_slot_is_not_confirmed_in_the_running_ones_place(jetson: Jetson) -> None:
    jetson.set(A="1", B="1")
    jetson.says("set-state", "B", "good")
    assert (jetson.state["A"], jetson.state["B"]) == ("1", "1")


def test_a_choice_that_the_firmware_drops_is_an_error(jetson: Jetson) -> None:
    jetson.set(redundant="no")
    with pytest.raises(SlotError, match="slot B was chosen and slot A starts next"):
        jetson.says("set-primary", "B")


def test_a_disk_with_one_root_is_named_as_such(jetson: Jetson) -> None:
    jetson.set(slots="1")
    for words in (["get-primary"], ["get-state", "A"], ["set-primary", "B"]):
        with pytest.raises(SlotError, match="ROOTFS_AB=1"):
            jetson.says(*words)


@pytest.mark.parametrize("words", [[], ["get-primary", "A"], ["set-state", "C", "good"], ["set-state", "A", "better"]])
def test_other_words_are_refused(jetson: Jetson, words: list[str]) -> None:
    with pytest.raises(SlotError, match="knows no"):
        jetson.says(*words)


def test_without_nvbootctrl_it_says_so(jetson: Jetson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SlotError, match="nvbootctrl cannot be started"):
        jetson.says("get-primary")


# RAUC's service calls the handler as system.conf names it; systemd knows the station and restarts the computer.
_RAUC = """#!{python}
import sys
from pathlib import Path
sys.path.insert(0, "{programs}")
import jetson_slots
assert sys.argv[1] == "status", sys.argv
state = {{"mark-good": "good", "mark-bad": "bad"}}[sys.argv[2]]
jetson_slots.main(["set-state", jetson_slots.running(), state], Path("{folder}"))
"""
_SYSTEMCTL = """#!/bin/sh
case "$1" in
show) printf 'ActiveState=%s\\nNRestarts=%s\\nStatusText=https://nailfold:8080\\n' {active} {restarts} ;;
reboot) touch {folder}/restarted ;;
esac
"""


class Trial:
    """A start of slot B that RAUC has just written, with a station that works or does not."""

    def __init__(self, jetson: Jetson, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jetson, self._folder = jetson, folder
        self.note, self.reason, self.confirmed = folder / "noted", folder / "taken-back.json", folder / "confirmed.json"
        jetson.says("set-primary", "B")
        jetson.set(current="B", B="2")
        monkeypatch.setattr(confirm_slot, "slots_here", lambda: jetson_slots)
        monkeypatch.setattr(confirm_slot, "SETTLED_AFTER_S", 0.05)
        monkeypatch.setattr(confirm_slot, "_EVERY_S", 0.01)
        monkeypatch.setattr(confirm_slot, "page_comes", lambda _: True)
        monkeypatch.setattr(jetson_slots, "CONFIRMED", self.note)
        monkeypatch.setattr(confirm_slot, "DATA_FOLDER", Path("/proc"))
        for name in ("REASON_FILE", "CONFIRMED_FILE", "OUTCOME_FILE", "VERDICT_FILE"):
            monkeypatch.setattr(confirm_slot, name, folder / getattr(confirm_slot, name).name)
        self._program("rauc", _RAUC, python=sys.executable, programs=JETSON / "programs")

    def station(self, active: str, restarts: int) -> None:
        self._program("systemctl", _SYSTEMCTL, active=active, restarts=restarts)

    @property
    def is_restarted(self) -> bool:
        return (self._folder / "restarted").exists()

    def _program(self, name: str, text: str, **words: object) -> None:
        program = self._folder / name
        program.write_text(text.format(folder=self._folder, **words))
        program.chmod(0o755)


@pytest.fixture
def trial(jetson: Jetson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    return Trial(jetson, tmp_path, monkeypatch)


def test_a_new_root_is_confirmed_once_the_station_works_and_once_alone(trial: Trial) -> None:
    trial.station("active", 0)
    confirm_slot.main()
    assert trial.jetson.state["B"] == "3", "nvbootctrl verify"
    assert trial.note.exists()
    assert '"slot": "B"' in trial.confirmed.read_text()
    assert not trial.is_restarted
    trial.station("failed", 9)
    confirm_slot.main()
    assert not trial.is_restarted, "what is confirmed is never judged again"


def test_a_new_root_whose_station_does_not_start_is_taken_back(trial: Trial) -> None:
    trial.station("activating", 3)
    confirm_slot.main()
    assert trial.jetson.variable("B").read_bytes() == UNBOOTABLE
    assert "started again 3 times" in trial.reason.read_text()
    assert trial.is_restarted
    assert not trial.note.exists()
    assert trial.jetson.state["B"] == "2", "never verified"


@pytest.mark.parametrize(("active", "restarts", "is_taken_back"), [("activating", 3, True), ("active", 0, False)])
def test_a_full_disk_changes_no_verdict(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, active: str, restarts: int, is_taken_back: bool
) -> None:
    for name in ("REASON_FILE", "CONFIRMED_FILE"):
        monkeypatch.setattr(confirm_slot, name, Path("/dev/full/none.json"))
    trial.station(active, restarts)
    confirm_slot.main()
    assert (trial.is_restarted, trial.jetson.state["B"]) == ((True, "2") if is_taken_back else (False, "3"))


def test_a_new_root_that_cannot_mount_the_data_partition_is_taken_back(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirm_slot, "DATA_FOLDER", tmp_path)
    trial.station("inactive", 0)
    confirm_slot.main()
    assert "the data partition cannot be used" in trial.reason.read_text()
    assert trial.jetson.variable("B").read_bytes() == UNBOOTABLE
    assert trial.is_restarted


def test_the_program_finds_its_backend_beside_it(tmp_path: Path) -> None:
    """As build_root.sh and make_root.sh lay them out."""
    programs = JETSON.parent / "image/programs"
    load = "import importlib.machinery as m; c = m.SourceFileLoader('c', 'confirm-slot').load_module()"
    look = f"{load}; print(c.slots_here().__name__)"
    for source in (JETSON / "programs/jetson_slots.py", programs / "boot_slots.py"):
        name = source.stem
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(programs / "confirm_slot.py", folder / "confirm-slot")
        shutil.copy(source, folder / name.replace("_", "-"))
        (folder / f"{name}.py").symlink_to(name.replace("_", "-"))
        told = subprocess.run([sys.executable, "-c", look], cwd=folder, check=True, capture_output=True, text=True)
        assert told.stdout.strip() == name


def test_nvidias_service_confirms_no_root_that_is_on_trial() -> None:
    hold = JETSON / "overlay/etc/systemd/system/nv-l4t-bootloader-config.service.d/nailfold.conf"
    assert f"ConditionPathExists={jetson_slots.CONFIRMED}\n" in hold.read_text()
    recipe = (JETSON / "build_root.sh").read_text()
    assert f': >"$root{jetson_slots.CONFIRMED}"' in recipe, "the first root is no trial"


@pytest.mark.skipif(shutil.which("dtc") is None, reason="device-tree-compiler is not installed")
def test_the_pins_overlay_compiles_and_claims_the_pads_of_the_documented_pins(tmp_path: Path) -> None:
    overlay = tmp_path / "pins.dtbo"
    source = str(JETSON / "nailfold-pins.dts")
    subprocess.run(["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", overlay, source], check=True)
    back = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", overlay], check=True, capture_output=True, text=True)
    pads = {7: "soc_gpio59_pac6", 15: "soc_gpio39_pn1", 29: "soc_gpio32_pq5", 31: "soc_gpio33_pq6"}
    pads |= {32: "soc_gpio19_pg6", 33: "soc_gpio21_ph0"}
    for pin, pad in pads.items():
        assert pad in back.stdout
        assert pin in HEADERS["jetson-orin"].lines
    assert back.stdout.count("soc_gpio") == len(pads)
