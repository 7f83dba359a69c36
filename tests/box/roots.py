"""`make test-roots`: two roots of a Jetson share the exams; units and programs run on this computer's systemd.

    python -m tests.box.roots [--only WORD] [--systemd FOLDER] [--cuts 5] [--seed 1]

A disk with NVIDIA's two roots and the data partition is a file on a loop device; systemd starts from one root or the
other (enter_disk.sh) with the recipe's units and the station's own, and a program in the station's place that makes one
exam at each start. A Jetson has the systemd of Ubuntu 22.04, 249: FOLDER is its package, unpacked (dpkg-deb -x), and is
laid over this computer's. Needs root, loop devices, a cgroup2 and the Debian packages systemd, e2fsprogs, fdisk, dbus;
for power cuts nbdkit and nbdfuse.
"""

import argparse
import contextlib
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.box.lossy_disk import LossyDisk
from tests.box.services import await_so, pids_in

sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/image"))
sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/jetson"))
import jetson_bundle
from build_bundle import build_bundle
from test_ca import make_test_ca

REPOSITORY = Path(__file__).resolve().parents[2]
JETSON, IMAGE = REPOSITORY / "image-build/jetson", REPOSITORY / "image-build/image"
_ROOT_MB, _DATA_MB = 128, 160
_WITHIN_S = 120.0
_PARTS = ("APP", "APP_b", "nailfold-data")
_STATION = """#!/usr/bin/python3
import os, socket, time
from pathlib import Path
data, slot = Path("/var/lib/nailfold"), Path("/run/nailfold-data/slot").read_text().strip()
number = len(list(data.glob("exam-*"))) + 1
with (data / f"exam-{number}-{slot}").open("w") as file:
    file.write("loops")
    file.flush()
    os.fsync(file.fileno())
secrets = Path(os.environ["CREDENTIALS_DIRECTORY"])
told = [f"{name} holds {(secrets / name).read_text().strip()!r}" for name in ("mqtt-password", "mqtt-client-key")]
print(f"made exam {number};", "; ".join(told), flush=True)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
notify.send(b"READY=1")
while True:
    notify.send(b"WATCHDOG=1")
    time.sleep(5)
"""
# The board's firmware.
_NVBOOTCTRL = """#!/bin/sh
running=$(cat /run/nailfold-data/slot) chosen=$(cat /run/firmware/chosen 2>/dev/null)
case $3 in set-active-boot-slot) echo $4 | tr 01 AB >/run/firmware/chosen; exit ;; esac
status=normal; test ! -e /var/lib/firmware-b || status=unbootable
variable=$(ls /run/firmware/RootfsStatusSlotB-* 2>/dev/null)
test -z "$variable" || test "$(od -An -tx1 -j4 -N1 $variable)" = " 00" || status=unbootable
printf "Current rootfs slot: $running\\nActive rootfs slot: ${chosen:-$running}\\nnum_slots: 2\\n"
printf "slot: 0,  retry_count: 3,  status: normal\\nslot: 1,  retry_count: 2,  status: $status\\n"
"""
# As flashing writes it.
_EXTLINUX = """LABEL primary
      LINUX /boot/Image
      APPEND ${cbootargs} root=PARTUUID=of-the-first rw rootwait
"""
_RAUC = """#!/bin/sh
test "$*" = "status mark-bad" && touch /var/lib/firmware-b
"""
# What udev does on a board. RAUC takes a partition of a loop device for one, and asks what file is behind it.
_ABLE = """
mkdir -p /dev/disk/by-partlabel /run/block
ln -s {disk}p1 /dev/disk/by-partlabel/APP
ln -s {disk}p2 /dev/disk/by-partlabel/APP_b
mknod /dev/loop-control c 10 237
for number in $(seq 0 31); do
    test -e /dev/loop$number || mknod /dev/loop$number b 7 $number
    ln -s /sys/devices/virtual/block/loop$number /run/block/
done
for part in 1 2 3; do
    mkdir -p /run/block/$(basename {disk})p$part/loop
    echo /disk.img >/run/block/$(basename {disk})p$part/loop/backing_file
done
mount --bind /run/block /sys/block
"""
_INSTALL = """
cd /
export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
/run/real-rauc --conf=/run/system.conf service --override-boot-slot=A >/run/rauc.log 2>&1 &
sleep 1
/run/real-rauc --conf=/run/system.conf install {bundle} 2>&1
cat /run/rauc.log
"""
_USERS = "root:x:0:0::/root:/bin/sh\nnailfold:x:890:890::/var/lib/nailfold:/usr/sbin/nologin\n"
_GROUPS = "root:x:0:\nnailfold:x:890:\nvideo:x:44:\nsystemd-journal:x:101:\n"


class Board:
    """The disk, and the root that runs."""

    def __init__(self, folder: Path, systemd: Path | None, is_lossy: bool = False) -> None:
        self._image = folder / "disk.img"
        self._systemd = systemd
        self._folder, self._firmware = folder, folder / "firmware"
        self._firmware.mkdir()
        self._disk = LossyDisk(folder) if is_lossy else None
        with self._image.open("wb") as file:
            file.truncate((2 * _ROOT_MB + _DATA_MB + 4) << 20)
        sizes = (_ROOT_MB, _ROOT_MB, _DATA_MB)
        table = "label: gpt\n" + "".join(
            f"size={size}MiB, name={name}\n" for size, name in zip(sizes, _PARTS, strict=True)
        )
        subprocess.run(["sfdisk", "--quiet", self._image], input=table, text=True, check=True)
        self.plug()
        self._names = list(_PARTS)
        self._process: subprocess.Popen[bytes] | None = None
        self.screen = ""

    def plug(self) -> None:
        """Power on."""
        self._loop = run("losetup", "--find", "--show", self._image) if self._disk is None else self._disk.attach()
        run("partx", "--add", self._loop)

    def lose_power(self) -> None:
        """What was not flushed is gone."""
        assert self._disk is not None
        self._disk.require_alive()
        self._disk.cut()
        self._unplug(self._disk)
        self.plug()

    def _unplug(self, disk: LossyDisk) -> None:
        disk.fail()
        self.cut()
        self._forget_bundles()
        await_so(self._forget_partitions, f"end of the partitions of {self._loop}", _WITHIN_S)
        disk.clear()

    def _forget_bundles(self) -> None:
        """Loop devices of a killed RAUC hold the file system that their file lies in; a power cut ends them."""
        own = {os.stat(self.device(name)).st_rdev for name in _PARTS if self.device(name).exists()}
        told = run("losetup", "--list", "--noheadings", "--output", "NAME,BACK-MAJ:MIN")
        for loop, number in (line.split() for line in told.splitlines() if len(line.split()) == 2):
            if os.makedev(*map(int, number.split(":"))) in own:
                run("losetup", "--detach", loop)

    def device(self, name: str) -> Path:
        return Path(f"{self._loop}p{_PARTS.index(name) + 1}")

    def close(self) -> None:
        if self._disk is not None:
            self._unplug(self._disk)
            return
        self.cut()
        # A namespace lets go of its mounts a moment after its last process.
        await_so(self._forget_partitions, f"end of the partitions of {self._loop}", _WITHIN_S)
        run("losetup", "--detach", self._loop)

    def _forget_partitions(self) -> bool:
        # What it returns is no answer: where the disk is dead it complains about that.
        command = ["partx", "--delete", "--nr", f"1:{len(_PARTS)}", self._loop]
        subprocess.run(command, check=False, capture_output=True)
        return not any(self.device(name).exists() for name in _PARTS)

    def rename(self, name: str, other: str) -> None:
        """In the table of the disk."""
        number = self._names.index(name)
        run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--part-label", self._loop, str(number + 1), other)
        self._names[number] = other

    def install(self, name: str, confirmed: bool, knows_data: bool = True) -> None:
        """A root as the recipe makes it, or as it was made before there was a data partition."""
        run("mkfs.ext4", "-q", "-F", self.device(name))
        with self.mounted(name) as root:
            _fill(root, knows_data)
            if self._systemd is not None:
                for place, below in (("lib/systemd", "lib/systemd"), ("bin", "bin"), ("usr/bin", "bin")):
                    run(
                        "cp", "--archive", "--no-clobber", f"{self._systemd / place}/.", root / "usr-over/upper" / below
                    )
            if confirmed:
                (root / "var/lib/nailfold-confirmed").touch()

    @contextlib.contextmanager
    def mounted(self, name: str, at: str = "mounted") -> Iterator[Path]:
        place = self._folder / at
        place.mkdir(exist_ok=True)
        run("mount", "-t", "ext4", self.device(name), place)
        try:
            yield place
        finally:
            run("umount", place)

    def start(self, name: str, until: str = "") -> None:
        """Until the station runs or has failed to, or the screen says that."""
        self.screen = ""
        await_so(lambda: _is_free(self.device("nailfold-data")), "end of the start before", _WITHIN_S)
        screen, console = pty.openpty()
        pairs = zip(_PARTS, self._names, strict=True)
        nodes = [Path(self._loop).name, *(f"{self.device(part).name}={named}" for part, named in pairs)]
        command = [Path(__file__).parent / "enter_disk.sh", self.device(name), os.ttyname(console), *nodes]
        environment = {**os.environ, "FIRMWARE": str(self._firmware)}
        self._process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, env=environment)
        threading.Thread(target=self._read, args=(screen,), daemon=True).start()
        try:
            await_so(lambda: self._has_come(until), f"{until or 'settled start'} of {name}", _WITHIN_S)
        except SystemExit:
            self._tell_what_stands()
            raise
        finally:
            os.close(console)

    def _read(self, screen: int) -> None:
        with contextlib.suppress(OSError):
            while content := os.read(screen, 4096):
                self.screen += content.decode(errors="replace")

    def _has_come(self, until: str) -> bool:
        if self._disk is not None:
            self._disk.require_alive()
        return until in self.screen if until else self._is_settled()

    def _tell_what_stands(self) -> None:
        """Of a start that came to nothing: each process, where in the kernel it waits, and what systemd waits for."""
        for pid in pids_in("nailfold-roots"):
            with contextlib.suppress(OSError):
                proc = Path(f"/proc/{pid}")
                said = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:100]
                state = (proc / "stat").read_text().rpartition(")")[2].split()[0]
                stack = [line.split()[-1].partition("+")[0] for line in (proc / "stack").read_text().splitlines()[:6]]
                print(f"  {pid} {state} {said}: {' < '.join(stack)}", flush=True)
        # systemd may be what stands: it is not waited for.
        with contextlib.suppress(SystemExit, subprocess.TimeoutExpired):
            print(self.inside("systemctl", "list-jobs", "--no-pager", within_s=10), flush=True)

    def _is_settled(self) -> bool:
        return "Reached target" in self.screen and self.inside("systemctl", "is-system-running") in (
            "running",
            "degraded",
        )

    def inside(self, *command: str, within_s: float | None = None, must: bool = False) -> str:
        """What a command prints there; nothing where systemd does not answer yet. Raises TimeoutExpired.

        Exits where it fails and must not.
        """
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children:
            raise SystemExit(f"systemd has ended: {self.screen[-3000:]}")
        enter = ["nsenter", "--target", children[0], "--mount", "--pid", "--root", "--wd=/", "--cgroup"]
        # Of its own: Python there does not start under this one's PYTHONPATH.
        box = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        done = subprocess.run(
            [*enter, *command], capture_output=True, text=True, check=False, timeout=within_s, env=box
        )
        if done.returncode != 0 and must:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()[-1000:]}")
        return done.stdout.strip()

    @property
    def next_slot(self) -> str:
        """Which one the firmware starts."""
        chosen = self._firmware / "chosen"
        [variable] = [*self._firmware.glob("RootfsStatusSlotB-*")] or [None]
        is_bad = variable is not None and variable.read_bytes()[4] != 0
        return "B" if chosen.exists() and chosen.read_text() == "B\n" and not is_bad else "A"

    def forget_firmware(self) -> None:
        """A is chosen, and both may start."""
        for kept in self._firmware.iterdir():
            kept.unlink()

    def put_bundle(self, payload: bytes = b"") -> str:
        """A root as the recipe makes the next one, in a bundle on the data partition; its place there."""
        root, made = self._folder / "next", self._folder / "update.raucb"
        root.mkdir()
        _fill(root, knows_data=True)
        (root / "payload").write_bytes(payload)
        (root / "etc/version").write_text("the next\n")
        (root / "etc/machine-id").write_text("")
        modules = root / "lib/modules/6.1/modules.builtin"
        modules.parent.mkdir(parents=True)
        modules.write_text("".join(f"kernel/{name}.ko\n" for name in jetson_bundle.KERNEL_NEEDS))
        ca = make_test_ca(self._folder / "ca")
        jetson_bundle.pack(root, self._folder / "root.tar", 1_700_000_000)
        # Not "verity": this kernel may be without the device mapper.
        signed = (ca.signer, ca.key, made, jetson_bundle.COMPATIBLE, JETSON / "bundle_hook.sh", "plain")
        build_bundle(self._folder / "root.tar", "0.2.0", *signed)
        shutil.copy(made, self._inside / "data/update.raucb")
        self.inside("sync", must=True)
        return "/data/update.raucb"

    @property
    def _inside(self) -> Path:
        """The root that runs, as it sees itself."""
        assert self._process is not None
        [init, *_] = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return Path(f"/proc/{init}/root")

    def _put_rauc(self) -> None:
        """The real one, by the recipe's configuration; the one on the path is a stand-in."""
        configuration = (JETSON / "overlay/etc/rauc/system.conf").read_text()
        for own, here in (("/etc/rauc/keyring.pem", "/run/keyring.pem"), ("=-plain", "=plain")):
            configuration = configuration.replace(own, here)
        (self._inside / "run/system.conf").write_text(configuration)
        shutil.copy(self._folder / "ca/authority.pem", self._inside / "run/keyring.pem")
        shutil.copy("/usr/bin/rauc", self._inside / "run/real-rauc")

    def become_able_to_install(self) -> None:
        """The real RAUC, loop devices and names of partitions, which udev would give."""
        self.inside("sh", "-ec", _ABLE.format(disk=self._loop), must=True)
        self._put_rauc()

    def is_active(self, unit: str) -> bool:
        return self.inside("systemctl", "is-active", unit) == "active"

    def exams(self) -> list[str]:
        return self.inside("sh", "-c", "cd /var/lib/nailfold && ls -d exam-* 2>/dev/null").split()

    def wait_for_end(self) -> None:
        """The computer restarts by itself."""
        assert self._process is not None
        self._process.wait(_WITHIN_S)
        self._process = None
        await_so(lambda: _is_free(self.device("APP_b")), "end of the namespaces", _WITHIN_S)

    def cut(self) -> None:
        """Every process at once."""
        if self._process is None:
            return
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in (*map(int, children), self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


def _fill(root: Path, knows_data: bool) -> None:
    for place in ("usr", "run", "tmp", "dev", "proc", "sys", "data/update", "root", "usr-over/upper", "usr-over/work"):
        (root / place).mkdir(parents=True)
    for place in ("var/lib/nailfold", "etc/nailfold", "etc/credstore", "etc/systemd/system", "var/log"):
        (root / place).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "etc/passwd").write_text(_USERS)
    (root / "etc/group").write_text(_GROUPS)
    (root / "etc/nailfold/site.toml").write_text("# of the root\n")
    (root / "etc/machine-id").write_text(f"{os.urandom(16).hex()}\n")
    (root / "boot/extlinux").mkdir(parents=True)
    (root / "boot/extlinux/extlinux.conf").write_text(_EXTLINUX)
    over = root / "usr-over/upper"
    programs, units = over / "lib/nailfold", over / "lib/systemd/system"
    programs.mkdir(parents=True)
    (over / "bin").mkdir()
    (over / "bin/nailfold").write_text(_STATION)
    (over / "bin/nailfold").chmod(0o755)
    # What the other root sees of this one, which it mounts without what lies over /usr.
    (root / "usr/lib/nailfold").mkdir(parents=True)
    if knows_data:
        (root / "usr/lib/nailfold/data-folders").touch()
    units.mkdir(parents=True)
    shutil.copy(REPOSITORY / "systemd/system/nailfold-station.service", units)
    wanted = ["nailfold-station.service"]
    if knows_data:
        for name in ("data_partition", "data_folders"):
            target = programs / name.replace("_", "-")
            shutil.copy(JETSON / f"programs/{name}.py", target)
            target.chmod(0o755)
            # A disk of the size of a test.
            sizes = {
                "LEAST_BYTES = 8 << 30": "LEAST_BYTES = 64 << 20",
                "FREE_BYTES = 256 << 20": "FREE_BYTES = 8 << 20",
            }
            for size, smaller in sizes.items():
                target.write_text(target.read_text().replace(size, smaller))
        for unit in (JETSON / "overlay/usr/lib/systemd/system").iterdir():
            shutil.copy(unit, units)
            if "WantedBy=local-fs.target" in unit.read_text():
                wants = root / "etc/systemd/system/local-fs.target.wants"
                wants.mkdir(exist_ok=True)
                (wants / unit.name).symlink_to(f"/usr/lib/systemd/system/{unit.name}")
        _confirm(root, programs, units)
        wanted.append("nailfold-confirm.service")
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    for name in wanted:
        (wants / name).symlink_to(f"/usr/lib/systemd/system/{name}")
    (root / "etc/systemd/system/default.target").symlink_to("/usr/lib/systemd/system/multi-user.target")


def _confirm(root: Path, programs: Path, units: Path) -> None:
    """What takes back a root that does not work, with a firmware and a RAUC that are stand-ins."""
    for source, name in (
        (JETSON / "programs/jetson_slots.py", "jetson_slots.py"),
        (JETSON / "programs/jetson_slots.py", "jetson-slots"),
        (IMAGE / "programs/confirm_slot.py", "confirm-slot"),
    ):
        shutil.copy(source, programs / name)
    for program, text in (("nvbootctrl", _NVBOOTCTRL), ("rauc", _RAUC)):
        (programs.parents[1] / "bin" / program).write_text(text)
        (programs.parents[1] / "bin" / program).chmod(0o755)
    for program in ("confirm-slot", "jetson-slots"):
        (programs / program).chmod(0o755)
    for program in ("jetson_slots.py", "jetson-slots"):
        text = (programs / program).read_text()
        (programs / program).write_text(text.replace("/sys/firmware/efi/efivars", "/run/firmware"))
    shutil.copy(IMAGE / "overlay/usr/lib/systemd/system/nailfold-confirm.service", units)
    jetsons = JETSON / "overlay/etc/systemd/system/nailfold-confirm.service.d/jetson.conf"
    drop_in = root / "etc/systemd/system/nailfold-confirm.service.d/jetson.conf"
    drop_in.parent.mkdir()
    # Here is no UEFI.
    drop_in.write_text(jetsons.read_text().replace("/sys/firmware/efi/efivars", "/run"))


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()


def _is_free(device: Path) -> bool:
    """Whether nobody has it mounted, in any namespace."""
    try:
        os.close(os.open(device, os.O_RDWR | os.O_EXCL))
    except OSError:
        return False
    return True


def cut_while_exams_move(board: Board, cuts: int) -> None:
    """Of an older root, hundreds; at each start of the new one a while later."""
    board.install("APP", confirmed=True, knows_data=False)
    board.install("APP_b", confirmed=False)
    exams = {f"exam-old-{number}": f"loops of {number} " * 400 for number in range(400)}
    with board.mounted("APP") as root:
        for name, content in exams.items():
            (root / "var/lib/nailfold" / name).write_text(content)
    for _ in range(cuts):
        moment_s = random.uniform(0.3, 1.6)
        board.start("APP_b", "what lies on the data partition")
        time.sleep(moment_s)
        said = "were moving" if "exams inside" in board.screen else "were not yet looked for"
        said = "had moved" if "Finished nailfold-data-folders" in board.screen else said
        board.lose_power()
        print(f"  cut {moment_s:.2f} s after the folders began: exams {said}", flush=True)
        if said == "had moved":
            # Once more from the beginning.
            with board.device("nailfold-data").open("r+b") as device:
                device.seek(-(1 << 20), os.SEEK_END)
                device.write(b"NAILFOLD-MAKING\n")
                device.flush()
                os.fsync(device.fileno())
    board.start("APP_b")
    require(set(exams) <= set(board.exams()), f"{len(set(exams) - set(board.exams()))} exams are missing")
    require(board.inside("ls", "/data/aside") == "", "exams were set aside though nobody made others")
    board.cut()
    with board.mounted("nailfold-data") as data, board.mounted("APP", "other") as root:
        for place in (data / "nailfold", root / "var/lib/nailfold"):
            torn = [name for name, content in exams.items() if (place / name).read_text() != content]
            require(torn == [], f"{len(torn)} exams are torn in {place}")


Scene = Callable[[Board], None]


def an_exam_of_one_root_is_there_in_the_other(board: Board) -> None:
    board.install("APP", confirmed=True)
    board.install("APP_b", confirmed=False)
    board.start("APP")
    require(board.exams() == ["exam-1-A"], f"exams of the first start: {board.exams()}")
    first = board.inside("cat", "/etc/machine-id")
    mounts = board.inside("findmnt", "--noheadings", "--output", "TARGET,OPTIONS", "/var/lib/nailfold")
    require("errors=remount-ro" in mounts and "nosuid" in mounts, mounts)
    require(board.inside("stat", "--format=%U %a", "/var/lib/nailfold") == "nailfold 700", "the folder's owner")
    board.cut()
    board.start("APP_b")
    require(board.exams() == ["exam-1-A", "exam-2-B"], f"exams in the other root: {board.exams()}")
    require(board.inside("cat", "/etc/machine-id") == first, "the box has another name in the other root")
    logged = board.inside("journalctl", "--quiet", "--unit=nailfold-station", "--output=cat", "--no-pager")
    require("made exam 2" in logged, f"the log of this start is not found under the box's name: {logged}")
    board.cut()
    board.start("APP")
    require(len(board.exams()) == 3, f"exams after it was taken back: {board.exams()}")


def a_secret_reaches_the_station_and_one_that_is_missing_stops_nothing(board: Board) -> None:
    board.install("APP", confirmed=True)
    with board.mounted("APP") as root:
        (root / "etc/credstore/mqtt-password").write_text("small vessels\n")
    board.start("APP")
    logged = board.inside("journalctl", "--quiet", "--unit=nailfold-station", "--output=cat", "--no-pager")
    require("mqtt-password holds 'small vessels'; mqtt-client-key holds ''" in logged, f"the secrets: {logged}")


def exams_inside_an_older_root_are_taken_over(board: Board) -> None:
    board.install("APP", confirmed=True, knows_data=False)
    board.install("APP_b", confirmed=False)
    with board.mounted("APP") as root:
        (root / "var/lib/nailfold/exam-1-old").write_text("loops")
        os.chown(root / "var/lib/nailfold/exam-1-old", 777, 777)
        named = (root / "etc/machine-id").read_text().strip()
    board.start("APP_b")
    require(board.exams() == ["exam-1-old", "exam-2-B"], f"exams taken over: {board.exams()}")
    require(board.inside("cat", "/etc/machine-id") == named, "it has become another box")
    require(board.inside("stat", "--format=%U", "/var/lib/nailfold/exam-1-old") == "nailfold", "whose they are")
    require(board.inside("findmnt", "--noheadings", "/run/otherroot") == "", "the other root is still mounted")
    require("move onto the data partition" in board.screen, "nobody was told")
    board.cut()
    with board.mounted("APP") as root:
        require((root / "var/lib/nailfold/exam-1-old").exists(), "the older root has lost its exams")


def without_the_partition_there_is_no_station_and_a_clear_word(board: Board) -> None:
    board.install("APP", confirmed=True)
    board.rename("nailfold-data", "elsewhere")
    board.start("APP")
    require(
        "NAILFOLD DOES NOT START: this disk has no partition nailfold-data" in board.screen,
        "the screen does not say why",
    )
    require(not board.is_active("nailfold-station"), "the station runs on the empty folder of the root")
    require(board.inside("ls", "/var/lib/nailfold") == "", "something was written into the root")


def a_new_root_that_cannot_use_the_partition_is_taken_back(board: Board) -> None:
    board.install("APP_b", confirmed=False)
    board.rename("nailfold-data", "elsewhere")
    board.start("APP_b", "slot B is taken back: the data partition cannot be used")
    board.wait_for_end()
    with board.mounted("APP_b") as root:
        require((root / "var/lib/firmware-b").exists(), "the firmware would start it again")
        require("cannot be used" in (root / "data/update/taken-back.json").read_text(), "nobody kept why")
        require(list((root / "var/lib/nailfold").iterdir()) == [], "something was written into the root")


def a_damaged_partition_is_repaired_and_one_beyond_repair_is_left_alone(board: Board) -> None:
    board.install("APP", confirmed=True)
    board.start("APP")
    board.cut()
    data = board.device("nailfold-data")
    made = run("blkid", "-p", "-s", "UUID", "-o", "value", data)
    # The first superblock goes.
    with data.open("r+b") as file:
        file.write(bytes(4096))
    board.start("APP")
    require(board.exams() == ["exam-1-A", "exam-2-A"], f"exams after the repair: {board.exams()}")
    require(run("blkid", "-p", "-s", "UUID", "-o", "value", data) == made, "it was made anew")
    board.cut()
    # The root directory goes: its folders come back by number.
    run("debugfs", "-w", "-R", "clri <2>", data)
    board.start("APP")
    require("is damaged, repairing" in board.screen, "nobody was told of the repair")
    require("has lost its name" in board.screen, "nobody was told where the exams are")
    require(not board.is_active("nailfold-station"), "the station begins anew, as if there had been no exam")
    require(board.inside("sh", "-c", "find /data -name 'exam-1-A'") != "", "the exam is gone")
    board.cut()
    with data.open("r+b") as file:
        file.write(os.urandom((_DATA_MB - 1) << 20))
    board.start("APP")
    require("was NOT made anew" in board.screen, "the screen does not say why")
    require(not board.is_active("nailfold-station"), "the station runs on the empty folder of the root")


def erasing_is_proven_and_makes_another_box(board: Board) -> None:
    board.install("APP", confirmed=True)
    board.install("APP_b", confirmed=True)
    board.start("APP")
    named = board.inside("cat", "/etc/machine-id")
    ask = "import runpy; runpy.run_path('/usr/lib/nailfold/data-partition')['ask_to_erase']()"
    board.inside("python3", "-c", ask, must=True)
    board.cut()
    board.start("APP")
    require("all that was on this box is erased" in board.screen, "the screen does not say why")
    require(board.exams() == ["exam-1-A"], f"exams of the new box: {board.exams()}")
    require(board.inside("cat", "/etc/machine-id") != named, "it is the same box")
    proof = json.loads(board.inside("cat", "/data/update/erased.json"))
    require(proof["reads_back_as_zero"] and proof["roots_hold_no_exams"], str(proof))


def cut_while_an_update_is_written(board: Board, cuts: int) -> None:
    """At each start of A; the firmware then starts a root that is whole, with every exam."""
    board.install("APP", confirmed=True)
    board.install("APP_b", confirmed=True)
    payload = os.urandom(24 << 20)
    board.start("APP")
    bundle = board.put_bundle(payload)
    command = ("dbus-run-session", "--", "sh", "-c", _INSTALL.format(bundle=bundle))
    board.become_able_to_install()
    began_s = time.monotonic()
    done = board.inside(*command)
    whole_s = time.monotonic() - began_s
    require("succeeded" in done, f"rauc install: {done}")
    board.forget_firmware()
    board.cut()
    board.start("APP")
    for _ in range(cuts):
        board.become_able_to_install()
        install = threading.Thread(target=board.inside, args=command)
        install.start()
        moment_s = random.uniform(0.5, 1.2 * whole_s)
        time.sleep(moment_s)
        before = board.exams()
        board.lose_power()
        install.join()
        slot = board.next_slot
        print(f"  cut {moment_s:.2f} s into an update of {whole_s:.2f} s: {slot} starts", flush=True)
        if slot == "B":
            with board.mounted("APP_b") as root:
                require((root / "payload").read_bytes() == payload, "the new root is torn")
                require("root=PARTUUID=" in (root / "boot/extlinux/extlinux.conf").read_text(), "it has no root=")
            board.start("APP_b")
            require(set(before) < set(board.exams()), f"exams of the new root: {board.exams()} after {before}")
            board.cut()
            board.forget_firmware()
            before = [*before, "of-b"]
        board.start("APP")
        require(len(board.exams()) == len(before) + 1, f"exams of the old root: {board.exams()} after {before}")


def an_update_by_rauc_lands_in_the_other_root_and_starts_on_trial_with_the_exams(board: Board) -> None:
    """The recipe's bundle, hook, configuration and handler under the real RAUC; the firmware is a stand-in."""
    board.install("APP", confirmed=True)
    board.install("APP_b", confirmed=True)
    board.start("APP")
    bundle = board.put_bundle()
    board.become_able_to_install()
    done = board.inside("dbus-run-session", "--", "sh", "-c", _INSTALL.format(bundle=bundle))
    require("succeeded" in done, f"rauc install: {done}")
    require(board.next_slot == "B", "the firmware was not told to start B")
    board.cut()
    with board.mounted("APP_b") as root:
        append = re.search(r"^ *APPEND (.*)$", (root / "boot/extlinux/extlinux.conf").read_text(), re.MULTILINE)
        own = run("blkid", "-p", "-s", "PART_ENTRY_UUID", "-o", "value", board.device("APP_b"))
        require(append is not None and f"root=PARTUUID={own}" in append[1].split(), f"APPEND of the new root: {append}")
        require(not (root / "var/lib/nailfold-confirmed").exists(), "the new root is not on trial")
        require((root / "etc/version").read_text() == "the next\n", "it is not the bundle's root")
    board.start("APP_b")
    require(board.exams() == ["exam-1-A", "exam-2-B"], f"exams of the new root: {board.exams()}")
    told = ("journalctl", "--quiet", "--unit=nailfold-confirm", "--output=cat", "--no-pager")
    await_so(lambda: "slot B is on trial" in board.inside(*told), "trial of the new root", _WITHIN_S)


SCENES: tuple[Scene, ...] = (
    an_exam_of_one_root_is_there_in_the_other,
    a_secret_reaches_the_station_and_one_that_is_missing_stops_nothing,
    exams_inside_an_older_root_are_taken_over,
    without_the_partition_there_is_no_station_and_a_clear_word,
    a_new_root_that_cannot_use_the_partition_is_taken_back,
    a_damaged_partition_is_repaired_and_one_beyond_repair_is_left_alone,
    erasing_is_proven_and_makes_another_box,
    an_update_by_rauc_lands_in_the_other_root_and_starts_on_trial_with_the_exams,
)


def require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise SystemExit(f"FAILED: {otherwise}")


def main() -> int:
    """Exit status 0 if every scene went as it must."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", help="scenes whose name has this")
    options.add_argument("--systemd", type=Path, help="an unpacked package of another systemd")
    options.add_argument(
        "--cuts", type=int, default=0, help="power cuts while exams move, on a disk that loses its cache"
    )
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    for program in ("sfdisk", "losetup", "unshare", "mkfs.ext4", "debugfs"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing; install: apt-get install fdisk mount util-linux e2fsprogs")
    for scene in SCENES:
        if asked.only and asked.only not in scene.__name__:
            continue
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="nailfold-roots-") as folder:
            board = Board(Path(folder), asked.systemd)
            try:
                scene(board)
            except SystemExit:
                print(board.screen[-4000:])
                raise
            finally:
                board.close()
        print(f"{scene.__name__.replace('_', ' ')}: {time.monotonic() - began_s:.1f} s", flush=True)
    if asked.cuts:
        for program in ("nbdkit", "nbdfuse"):
            if shutil.which(program) is None:
                sys.exit(f"{program} is missing; install: apt-get install nbdkit nbdfuse")
        for cutting in (cut_while_exams_move, cut_while_an_update_is_written):
            random.seed(asked.seed)
            with tempfile.TemporaryDirectory(prefix="nailfold-roots-") as folder:
                board = Board(Path(folder), asked.systemd, is_lossy=True)
                try:
                    cutting(board, asked.cuts)
                except SystemExit:
                    print(board.screen[-4000:])
                    raise
                finally:
                    board.close()
            print(f"{asked.cuts} times {cutting.__name__.replace('_', ' ')}: nothing is lost", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
