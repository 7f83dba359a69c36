"""The units and the recipe that put the data partition under a Jetson's station: as systemd reads them, and by name."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as Tree
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson"))
sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson/programs"))
import data_folders
import data_partition
import layout

from tests.support.units import settings_of

REPOSITORY = Path(__file__).parents[3]
JETSON, IMAGE = REPOSITORY / "image-build/jetson", REPOSITORY / "image-build/image"
OVERLAY = JETSON / "overlay/usr/lib/systemd/system"
UNITS = sorted(OVERLAY.iterdir())
MOUNTS = [unit for unit in UNITS if unit.suffix == ".mount"]
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
# As NVIDIA's layout of two roots has them, by kind and order.
PARTS = (
    ("master_boot_record", "protective_master_boot_record", ""),
    ("primary_gpt", "primary_gpt", ""),
    ("A_kernel", "kernel", "3"),
    ("A_kernel-dtb", "kernel_dtb", ""),
    ("UDA", "data", ""),
    ("APP", "data", "1"),
    ("APP_b", "data", "2"),
    ("secondary_gpt", "secondary_gpt", ""),
)


def binds() -> dict[str, str]:
    """Folder of the partition by place, as the units bind them."""
    read = [settings_of(unit) for unit in MOUNTS]
    return {one["What"][0]: one["Where"][0] for one in read if one.get("Options") == ["bind"]}


def test_a_unit_binds_each_folder_that_the_program_lays_out() -> None:
    assert binds() == {f"/data/{folder}": f"/{place}" for folder, place in data_folders.BOUND.items()}


def test_the_amd64_image_keeps_the_same_folders_under_the_same_names() -> None:
    script = (IMAGE / "overlay/etc/initramfs-tools/scripts/local-bottom/nailfold-data").read_text()
    bound = dict(re.findall(r"^bind (\S+) (\S+)$", script, re.MULTILINE))
    # A file there, which systemd reads before any unit; here the program writes it into the root.
    assert bound.pop("machine-id") == "etc/machine-id"
    assert bound == data_folders.BOUND


@pytest.mark.parametrize("unit", [unit for unit in MOUNTS if "bind" in unit.read_text()], ids=lambda unit: unit.stem)
def test_nothing_is_bound_before_it_is_laid_out_and_a_box_without_it_still_answers(unit: Path) -> None:
    read = settings_of(unit)
    assert read["Requires"] == read["After"] == ["nailfold-data-folders.service"]
    assert read["WantedBy"] == ["local-fs.target"], "where it is required there, systemd waits at a prompt for ever"


@pytest.mark.parametrize("name", ["nailfold-station", "nailfold-engines", "nailfold-first-boot"])
def test_nothing_starts_on_the_empty_folder_of_a_root(name: str) -> None:
    read = settings_of(REPOSITORY / f"systemd/system/{name}.service")
    assert read["RequiresMountsFor"] == ["/var/lib/nailfold"]


def test_the_partition_is_mounted_for_power_cuts() -> None:
    options = settings_of(OVERLAY / "data.mount")["Options"][0].split(",")
    assert {"data=ordered", "errors=remount-ro", "nosuid", "nodev", "noatime"} == set(options)
    other = settings_of(OVERLAY / "run-otherroot.mount")["Options"][0].split(",")
    assert "ro" in other, "the system that may have to start again is never written"


def test_the_programs_and_the_units_mean_the_same_places() -> None:
    state = str(data_partition.STATE)
    assert settings_of(OVERLAY / "data.mount")["What"] == [f"{state}/partition"]
    other = settings_of(OVERLAY / "run-otherroot.mount")
    assert other["What"] == other["ConditionPathExists"] == [f"{state}/other"]
    assert settings_of(OVERLAY / "nailfold-data-partition.service")["RuntimeDirectory"] == [Path(state).name]
    program = (JETSON / "programs/data_folders.py").read_text()
    for place in (state, other["Where"][0], "/data"):
        assert f'Path("{place}")' in program


def test_what_rauc_remembers_is_seen_by_both_roots_and_its_file_is_one_that_ubuntus_rauc_reads() -> None:
    """Rauc 1.6 refuses a configuration with data-directory, which came with 1.8."""
    lines = (JETSON / "overlay/etc/rauc/system.conf").read_text().splitlines()
    assert "statusfile=/data/rauc/central.raucs" in lines
    assert not [line for line in lines if line.startswith("data-directory")]


needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_analyze
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_no_service_may_do_more_than_it_needs(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=25", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


_FAKES = {
    # Programs of the board's processor, of root and of the network do not run here.
    "id": 'case "$*" in -u) echo 0 ;; *) /usr/bin/id "$@" ;; esac',
    "dtc": 'while [ $# -gt 1 ]; do [ "$1" = -o ] && : >"$2"; shift; done',
    "dpkg-deb": "echo arm64",
    "mount": ":",
    "umount": ":",
    "chroot": 'shift; echo "$*" >>"$LOG"; case "$*" in "id -u nailfold") echo 890 ;; esac',
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What build_root.sh makes of NVIDIA's folder, as far as it does so without the board's processor."""
    folder = tmp_path_factory.mktemp("recipe")
    tegra, programs = folder / "Linux_for_Tegra", folder / "bin"
    root = tegra / "rootfs"
    for place in ("etc/nv_tegra_release", "usr/sbin/nvbootctrl", "boot/extlinux/extlinux.conf", "var/lib/dpkg/status"):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text("      LINUX /boot/Image\n")
    (root / "usr/sbin/nvbootctrl").chmod(0o755)
    (root / "etc/ssh").mkdir()
    (root / "etc/ssh/ssh_host_ed25519_key").touch()
    kernel_flash = tegra / "tools/kernel_flash"
    kernel_flash.mkdir(parents=True)
    (kernel_flash / "flash_l4t_t234_nvme_rootfs_ab.xml").write_text(nvidias())
    programs.mkdir()
    for name, text in _FAKES.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    for name in ("nailfold.deb", "keyring.pem"):
        (folder / name).touch()
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "LOG": str(folder / "log")}
    command = ["sh", JETSON / "build_root.sh", tegra, folder / "nailfold.deb", folder / "keyring.pem"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return root


def nvidias(attribute: str = "0x8") -> str:
    device = Tree.Element("device", {"type": "external"})
    for name, kind, number in PARTS:
        part = Tree.SubElement(device, "partition", {"name": name, "type": kind} | ({"id": number} if number else {}))
        Tree.SubElement(part, "allocation_attribute").text = f" {attribute if name == 'APP_b' else 8} "
    document = Tree.Element("partition_layout", {"version": "01.00.0000"})
    document.append(device)
    return Tree.tostring(document, encoding="unicode")


def enabled(root: Path) -> str:
    return (root.parents[1] / "log").read_text()


def test_every_program_that_a_unit_starts_is_in_the_root(root: Path) -> None:
    units = [path for path in (root / "usr/lib/systemd/system").rglob("*") if path.is_file()]
    started = {
        command.lstrip("-+!@").split()[0]
        for unit in units
        for key, commands in settings_of(unit).items()
        if key.startswith("Exec")
        for command in commands
    }
    assert started == {
        "/bin/sh",
        "/bin/systemctl",
        "/usr/bin/python3",
        *(f"/usr/lib/nailfold/{name}" for name in ("data-partition", "data-folders", "confirm-slot", "install-update")),
    }
    for program in started - {"/bin/sh", "/bin/systemctl", "/usr/bin/python3"}:
        assert os.access(root / program.lstrip("/"), os.X_OK)
    assert (root / "usr/lib/nailfold/network/__main__.py").exists()


def test_every_unit_that_starts_by_itself_is_enabled(root: Path) -> None:
    units = [path for path in (root / "usr/lib/systemd/system").iterdir() if path.is_file()]
    wanted = {unit.name for unit in units if "WantedBy" in settings_of(unit)}
    assert {"var-lib-nailfold.mount", "nailfold-confirm.service", "nailfold-update.path"} <= wanted
    words = set(enabled(root).replace("nailfold-confirm ", "nailfold-confirm.service ").split())
    assert wanted <= words


def test_users_have_their_numbers_before_the_package_makes_its_own(root: Path) -> None:
    done = enabled(root)
    assert done.index("systemd-sysusers 00-nailfold-image.conf") < done.index("apt-get install")
    lines = (root / "usr/lib/sysusers.d/00-nailfold-image.conf").read_text().splitlines()
    made = {line.split()[1] for line in lines if line.startswith("u")}
    packages = (REPOSITORY / "systemd/sysusers.d/nailfold.conf").read_text().splitlines()
    assert made == {line.split()[1] for line in packages if line.startswith("u")}


def test_a_root_is_nobodys_before_it_starts(root: Path) -> None:
    assert (root / "etc/machine-id").read_text() == ""
    assert list((root / "etc/ssh").glob("ssh_host_*")) == []
    assert (root / "var/lib/nailfold-confirmed").exists()
    assert (root / "data/update").is_dir(), "nailfold-confirm takes a root back that cannot mount the partition"


def test_jetsons_programs_find_one_another(root: Path) -> None:
    load = "import importlib.machinery as m; c = m.SourceFileLoader('c', 'install-update').load_module()"
    told = subprocess.run(
        [sys.executable, "-c", f"{load}; import data_partition; print(data_partition.NAME)"],
        cwd=root / "usr/lib/nailfold",
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == data_partition.NAME == layout.NAME


@pytest.fixture(scope="module")
def whole_root(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipe's units beside the computer's own and the package's."""
    made = tmp_path_factory.mktemp("whole")
    shutil.copytree("/lib/systemd/system", made / "usr/lib/systemd/system", symlinks=True, ignore=lambda *_: set())
    shutil.copytree(REPOSITORY / "systemd/system", made / "usr/lib/systemd/system", dirs_exist_ok=True)
    for place in ("usr/lib/systemd/system", "usr/lib/nailfold", "etc/systemd/system"):
        shutil.copytree(root / place, made / place, symlinks=True, dirs_exist_ok=True)
    for program in (
        "usr/bin/nailfold",
        "usr/lib/nailfold/build-engines",
        "bin/sh",
        "bin/systemctl",
        "bin/true",
        "usr/bin/touch",
    ):
        (made / program).parent.mkdir(parents=True, exist_ok=True)
        (made / program).write_text("#!/bin/sh\n")
        (made / program).chmod(0o755)
    return made


@needs_analyze
@pytest.mark.parametrize(
    "unit", [*(path.name for path in UNITS), "nailfold-confirm.service", "nailfold-update.service"]
)
def test_systemd_has_nothing_against_it(whole_root: Path, unit: str) -> None:
    command = ["systemd-analyze", "verify", "--man=no", f"--root={whole_root}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if "nailfold" in line or "data" in line]
    assert (done.returncode, told) == (0, []), done.stderr


def test_the_disk_gets_one_partition_more_that_grows() -> None:
    made = Tree.fromstring(layout.with_data(nvidias()))
    parts = made.findall("device/partition")
    assert [part.get("name") for part in parts] == [*(name for name, _, _ in PARTS[:-1]), layout.NAME, "secondary_gpt"]
    [data] = [part for part in parts if part.get("name") == layout.NAME]
    assert int((data.findtext("allocation_attribute") or "").strip(), 0) & 0x800
    assert data.find("filename") is None, "flashing again writes nothing there"
    numbers = [part.get("id") for part in parts if part.get("id")]
    assert data.get("id") == "6", "five before it: 3, 4, UDA, and the roots 1 and 2"
    assert len(set(numbers)) == len(numbers)
    assert int((data.findtext("size") or "").strip()) % 16384 == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (nvidias(attribute="0x808"), "another partition grow"),
        (nvidias().replace('"APP_b"', '"other"'), "not two roots"),
        (layout.with_data(nvidias()), "already"),
    ],
)
def test_another_layout_is_refused(given: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        layout.with_data(given)
