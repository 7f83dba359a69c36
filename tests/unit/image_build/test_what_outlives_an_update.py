"""Whatever a unit or program of a box writes lies on the data partition, or stands here with why it may be lost."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson/programs"))
import data_folders

REPOSITORY = Path(__file__).parents[3]
JETSON, IMAGE = REPOSITORY / "image-build/jetson", REPOSITORY / "image-build/image"
_LAID_OUT = (IMAGE / "overlay/etc/initramfs-tools/scripts/local-bottom/nailfold-data").read_text()
KEPT = {
    "amd64": {"/data", *(f"/{place}" for place in re.findall(r"^bind \S+ (\S+)$", _LAID_OUT, re.MULTILINE))},
    # The name is written into each root.
    "jetson": {"/data", "/etc/machine-id", *(f"/{place}" for place in data_folders.BOUND.values())},
}
LOST = {
    "/run": "of one start",
    "/tmp": "of one start",
    "/var/cache": "can be made again",
    "/media": "a stick",
    "/sys": "the kernel's",
    "/dev": "devices",
    "/proc": "the kernel's",
}
"""Not on the data partition, and why that is right."""
OF_THE_ROOT = {
    "/var/lib/nailfold-confirmed": "whether this very root is confirmed",
    "/var/lib": "the folder of that note, and of exams that leave the root",
    "/etc": "the folder of the name, which is written into each root",
    "/etc/nv_tegra_release": "read: which system this is",
}
"""What belongs to a root, and is as it must be where another runs."""
_FOLDERS = {
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "RuntimeDirectory": "/run",
    "ConfigurationDirectory": "/etc",
}
_PLACE = re.compile(r"(?<![\w$}./-])/(?:data|var|etc|run|media|home|root|srv|opt|boot|tmp)\b[\w./-]*")


def units(image: str) -> list[Path]:
    """Those that the box has: the package's, the image's own."""
    own = REPOSITORY / f"image-build/{'image' if image == 'amd64' else 'jetson'}/overlay"
    shared = [
        IMAGE / f"overlay/usr/lib/systemd/system/nailfold-{name}" for name in ("confirm.service", "update.service")
    ]
    found = {*(REPOSITORY / "systemd/system").iterdir(), *shared}
    found |= {path for path in own.rglob("*") if path.suffix in (".service", ".path", ".mount", ".conf")}
    return sorted(path for path in found if "/systemd/" in str(path))


def programs(image: str) -> list[Path]:
    found = {REPOSITORY / "systemd/libexec/build-engines", *(IMAGE / "programs").glob("*.py")}
    if image == "jetson":
        found -= {IMAGE / "programs/boot_slots.py", IMAGE / "programs/screen.py"}
        found |= set((JETSON / "programs").glob("*.py"))
    return sorted(found)


def written(image: str) -> Iterator[tuple[str, str]]:
    """Place, and who names it."""
    for unit in units(image):
        for line in unit.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key in _FOLDERS:
                yield from ((f"{_FOLDERS[key]}/{name}", unit.name) for name in value.split())
            elif key in ("ReadWritePaths", "Environment") or key.startswith("Exec"):
                yield from ((place, unit.name) for place in _PLACE.findall(value))
    for program in programs(image):
        code = "\n".join(line for line in program.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
        if program.suffix == ".py":
            code = "\n".join(re.findall(r'Path\("(/[^"]*)"\)', code))
        yield from ((place, program.name) for place in _PLACE.findall(code))


def is_below(place: str, folders: set[str]) -> bool:
    return any(place == folder or place.startswith(f"{folder}/") for folder in folders)


def in_a_root(image: str) -> dict[str, str]:
    """Places that are neither kept nor lost, by who names them."""
    found = {place.rstrip("/"): who for place, who in written(image)}
    assert {"/var/lib/nailfold", "/data/update/outcome.json"} <= set(found), "the places are read at all"
    return {place: who for place, who in found.items() if not is_below(place, KEPT[image] | set(LOST))}


@pytest.mark.parametrize("image", ["amd64", "jetson"])
def test_what_a_box_writes_outlives_an_update_or_may_be_lost(image: str) -> None:
    inside = {place: who for place, who in in_a_root(image).items() if place not in OF_THE_ROOT}
    assert inside == {}, "gone with the next update"


def test_what_is_said_to_belong_to_a_root_is_still_named() -> None:
    assert set(in_a_root("amd64")) | set(in_a_root("jetson")) == set(OF_THE_ROOT)


@pytest.mark.parametrize("image", ["amd64", "jetson"])
@pytest.mark.parametrize(
    "place",
    [
        "/var/lib/nailfold/exams",
        "/var/lib/nailfold/tls",  # the box's certificate, by which browsers know it
        "/var/lib/nailfold/engines",
        "/etc/nailfold/site.toml",
        "/etc/credstore/mqtt-client-key",  # by which the fleet knows it
        "/var/lib/systemd/timesync/clock",  # a box without a battery starts no earlier than this
        "/var/lib/systemd/random-seed",
        "/var/log/journal",
        "/etc/machine-id",  # by which DHCP and a stick know it
    ],
)
def test_what_makes_a_box_this_box_outlives_an_update(image: str, place: str) -> None:
    assert is_below(place, KEPT[image])


def test_what_rauc_remembers_outlives_an_update() -> None:
    for image, folder in (("amd64", IMAGE), ("jetson", JETSON)):
        read = (folder / "overlay/etc/rauc/system.conf").read_text()
        [place] = re.findall(r"^(?:data-directory|statusfile)=(.*)$", read, re.MULTILINE)
        assert is_below(place, KEPT[image])


@pytest.fixture
def compiling(tmp_path: Path) -> list[str]:
    """build-engines with a folder of its own; `dpkg-query` says what TensorRT is there."""
    (tmp_path / "engines").mkdir()
    (tmp_path / "release").write_text("# R36\n")
    script = (REPOSITORY / "systemd/libexec/build-engines").read_text()
    script = script.replace("/var/lib/nailfold/engines", f"{tmp_path}/engines").replace(
        "/usr/bin/nailfold", f"{tmp_path}/nailfold"
    )
    (tmp_path / "build-engines").write_text(script.replace("/etc/nv_tegra_release", f"{tmp_path}/release"))
    for name, text in (("nailfold", f'echo "$*" >>{tmp_path}/log'), ("dpkg-query", f"cat {tmp_path}/packages")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return ["sh", str(tmp_path / "build-engines")]


def test_a_compiled_network_is_made_again_where_an_update_brings_another_tensorrt(
    compiling: list[str], tmp_path: Path
) -> None:
    """A plan is bound to the TensorRT that made it, and the folder of plans is one for both roots."""
    times = []
    for version in ("10.3.0", "10.3.0", "10.13.0", "10.3.0"):
        (tmp_path / "packages").write_text(f"nailfold 0.1.0\nlibnvinfer10 {version}\n")
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        subprocess.run(compiling, check=True, capture_output=True, env=environment)
        times.append((tmp_path / "log").read_text().count("engines build"))
    assert times == [1, 1, 2, 3], "also after the newer system was taken back"
