"""The units as systemd's own tools read them, and the rules as udev does."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.units import settings_of

SYSTEMD = Path(__file__).parents[3] / "systemd"
UNITS = sorted((SYSTEMD / "system").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
OF_THE_IMAGE = sorted((SYSTEMD.parent / "image-build/image/overlay/usr/lib/systemd/system").glob("*.service"))
MOST_EXPOSED = 25
"""Tenths: "systemd-analyze security" of at most 2.5 for every service."""

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_analyze
@pytest.mark.parametrize("unit", [*SERVICES, *OF_THE_IMAGE], ids=lambda unit: unit.stem)
def test_no_service_may_do_more_than_it_needs(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with our units where the package puts them, the computer's own beside them, and what they start."""
    made = tmp_path_factory.mktemp("root")
    units = made / "lib/systemd/system"
    shutil.copytree("/lib/systemd/system", units, symlinks=True, ignore=lambda *_: set())
    for unit in UNITS:
        shutil.copy(unit, units)
    for service in SERVICES:
        for command in settings_of(service)["ExecStart"] + settings_of(service).get("ExecStartPost", []):
            program = made / command.lstrip("-").split()[0].lstrip("/")
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
    return made


@needs_analyze
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_against_it(root: Path, unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", unit.name],
        capture_output=True,
        text=True,
        check=False,
    )
    own = [line for line in done.stderr.splitlines() if "nailfold" in line]
    assert (done.returncode, own) == (0, []), done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_service_names_its_user_and_its_time(unit: Path) -> None:
    read = settings_of(unit)
    assert "User" in read or read.get("DynamicUser") == ["yes"]
    assert read["NoNewPrivileges"] == ["yes"]
    assert read["CapabilityBoundingSet"] == [""]


@pytest.mark.parametrize("name", ["nailfold-station", "nailfold-firmware"])
def test_what_runs_for_ever_is_watched_and_started_again(name: str) -> None:
    read = settings_of(SYSTEMD / f"system/{name}.service")
    assert read["Type"] == ["notify"]
    assert read["NotifyAccess"] == ["main"]
    assert int(read["WatchdogSec"][0]) >= 30
    assert read["Restart"] == ["on-failure"]


@pytest.mark.parametrize("name", ["nailfold-station", "nailfold-firmware", "nailfold-first-boot"])
def test_a_start_is_ended_by_no_clock_while_it_makes_progress(name: str) -> None:
    read = settings_of(SYSTEMD / f"system/{name}.service")
    assert read["NotifyAccess"] == ["main"], "EXTEND_TIMEOUT_USEC is heard"
    assert int(read["TimeoutStartSec"][0]) >= 300, "until the first sign of life"


def test_the_backup_stick_is_the_stations_and_runs_nothing() -> None:
    overlay = SYSTEMD.parent / "image-build/image/overlay"
    [unit] = [rule for rule in RULES if "NF-BACKUP" in rule]
    assert "media-backup.mount" in unit
    options = settings_of(overlay / "usr/lib/systemd/system/media-backup.mount")["Options"][0].split(",")
    assert {"sync", "nosuid", "nodev", "noexec", "umask=077"} <= set(options)
    [number] = re.findall(r"nailfold:(\d+)", (SYSTEMD.parent / "image-build/image/make_root.sh").read_text())[:1]
    assert {f"uid={number}", f"gid={number}"} <= set(options)


def test_the_station_may_write_onto_the_stick_whenever_it_is_plugged_in() -> None:
    overlay = SYSTEMD.parent / "image-build/image/overlay/usr/lib/systemd/system"
    place = Path(settings_of(overlay / "media-backup.mount")["Where"][0])
    writable = settings_of(overlay / "nailfold-station.service.d/stick.conf")["ReadWritePaths"]
    assert writable == [str(place.parent)], "at the place itself, a mount that comes later is not seen"


def test_a_secret_is_found_by_every_systemd_and_one_that_is_missing_keeps_nothing_from_starting() -> None:
    """Without a path systemd 249 finds none; without a default a missing file ends the start."""
    read = settings_of(SYSTEMD / "system/nailfold-station.service")
    loaded = dict(one.split(":", 1) for one in read["LoadCredential"])
    assert set(loaded) == {"mqtt-password", "mqtt-client-key"}
    assert loaded == {name: f"/etc/credstore/{name}" for name in loaded}
    assert read["SetCredential"] == [f"{name}:\\n" for name in loaded], "not empty: systemd 252 takes that for none"


def test_the_firmware_reaches_no_network_and_no_camera() -> None:
    read = settings_of(SYSTEMD / "system/nailfold-firmware.service")
    assert read["PrivateNetwork"] == ["yes"]
    assert read["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert read["DeviceAllow"] == ["char-gpiochip rw", "char-watchdog rw"]


def test_the_users_of_the_units_are_made() -> None:
    made = set(re.findall(r"^u (\S+)", (SYSTEMD / "sysusers.d/nailfold.conf").read_text(), re.MULTILINE))
    wanted = {user for service in SERVICES for user in settings_of(service).get("User", [])}
    assert wanted == made


# udev(7): what a rule may match and what it may assign.
_MATCH = re.compile(
    r"(ACTION|DEVPATH|KERNEL|NAME|SUBSYSTEM|DRIVER|TAG|RESULT|(?:ATTR|ATTRS|ENV|SYSCTL|CONST)\{[^}]+\}|TEST(?:\{[0-7]+\})?"
    r'|KERNELS|SUBSYSTEMS|DRIVERS|TAGS|PROGRAM|SYMLINK)(==|!=)"([^"]*)"'
)
_ASSIGN = re.compile(
    r"(NAME|SYMLINK|OWNER|GROUP|MODE|TAG|OPTIONS|LABEL|GOTO|(?:ATTR|ENV|SYSCTL|SECLABEL|RUN|IMPORT)(?:\{[^}]+\})?)"
    r'(=|\+=|-=|:=)"([^"]*)"'
)
RULE_FILES = (
    SYSTEMD / "udev/70-nailfold.rules",
    SYSTEMD.parent / "image-build/image/overlay/etc/udev/rules.d/71-nailfold-stick.rules",
)
RULES = [
    line
    for file in RULE_FILES
    for line in file.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_matches_something_and_assigns_something(rule: str) -> None:
    parts = re.findall(r'[^\s,]+?(?:==|!=|\+=|-=|:=|=)"[^"]*"', rule)
    assert ", ".join(parts) == rule, "nothing is left over between the parts"
    kinds = [("match" if _MATCH.fullmatch(part) else "assign" if _ASSIGN.fullmatch(part) else part) for part in parts]
    assert set(kinds) == {"match", "assign"}
    assert kinds == sorted(kinds, key=["match", "assign"].index), "what is matched stands first"


def test_udev_has_nothing_against_the_rules() -> None:
    if "verify" not in told_by("udevadm", "--help"):
        pytest.skip("udevadm is missing or older than 254 and cannot verify rules")
    done = subprocess.run(["udevadm", "verify", *map(str, RULE_FILES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def told_by(*command: str) -> str:
    """What a program prints; nothing where there is none."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
