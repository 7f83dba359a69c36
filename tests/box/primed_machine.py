"""An emulated machine that starts in seconds: a copy of one that was stopped just before its data disk was plugged in.

QEMU boots Debian's kernel and the installed root once, loads the station's libraries and networks
(guest/primed_station.py) and keeps the machine's memory in a file. Each start goes on from there: the disk is plugged
in, mounted by the guest's kernel, and the station starts on it. Between QEMU and the disk stands nbdkit's cache filter;
a cut kills both, and what the guest's kernel had not flushed is lost.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.box.boot import INIT_BEGINS, REPOSITORY, emulator, vm
from tests.box.own_time import OwnTime
from tests.box.power import StaysDarkError, asked_cuts, cut_and_report, disk_mb, site_of
from tests.box.qmp import tell
from tests.box.services import await_so, kill_all

_MODULES = ("virtio_pci", "virtio_blk", "squashfs", "overlay", "virtio_net", "crc32c_generic", "ext4")
_KERNEL_SAYS = "console=ttyS0 quiet panic=-1 no_timer_check mitigations=off random.trust_cpu=on"
_PACKAGES, _STILL = "/opt/nailfold/lib/python3.11/site-packages", "reference-7101.jpg?motion=0"
_FURTHER = f"""
[web]
host = "0.0.0.0"
tls = "off"
plain_http_on_network = true
[inference]
precision = "int8"
engine_cache_dir = "{_PACKAGES}/engines/weights"
"""
_PATIENT = "[live]\nfps_window_s = 60.0\n"
"""Live is a picture with its result in the last minute, not in the last two seconds."""
_PRIMED = REPOSITORY / "build/box/primed"
_LONGEST_UNTIL_CUT_S = 75.0
"""An exam takes half a minute here."""
_PRIMED_WITHIN_S, _ANSWERS_WITHIN_S = 1800.0, 120.0
_INIT = (
    INIT_BEGINS
    + """{load}
mount -t squashfs -o ro /dev/vda /lower
mount -t tmpfs -o size=256m memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work overlay /new
cp -a /probe /new/probe
mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs dev /new/dev
mkdir -p /new/dev/shm && mount -t tmpfs memory /new/dev/shm
mount -t tmpfs memory /new/run
mkdir -p /new/var/lib/nailfold
ip link set lo up
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
stty -F /dev/ttyS1 raw
cd /new && exec chroot /new /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \\
    /bin/sh -c '/opt/nailfold/bin/python3 -u /probe/primed_station.py; echo "PRIMED ended $?"; sleep 99999'
"""
)


def site_at(broker: str, port: int, fps: int) -> str:
    """The station's settings."""
    still = f"file:{_PACKAGES}/appliance/apps/engines/reference/{_STILL}&fps={fps}"
    return site_of(broker, port, still, _FURTHER)


class PrimedMachine:
    """One after another: `make`, then `start` and `cut` as often as wanted.

    Args:
        root: the installed package as a squashfs (make_root.sh).
        folder: of its own; holds the disk and what was printed. The memory is kept, in build/box/primed.
        site: the station's settings.
        has_fsync: False lies about Python's fsync.
        size_mb: of the data disk.
    """

    def __init__(self, root: Path, folder: Path, site: str, has_fsync: bool, size_mb: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._root, self._folder, self._size_mb = root, folder, size_mb
        self._site, self._has_fsync = site, has_fsync
        self.image, self.serial = folder / "disk.img", folder / "serial.log"
        self._initramfs, self._memory, self._key = (_PRIMED / name for name in ("initramfs.cpio", "memory", "key"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port = 0
        self.asked_every_s = 2.0
        self.own_time = OwnTime(lambda: [process.pid for process in self._processes])

    @property
    def url(self) -> str:
        """Of its pages, seen from this computer."""
        return f"http://127.0.0.1:{self.port}"

    def make(self) -> None:
        """The disk, new, and the memory: minutes."""
        with self.image.open("wb") as file:
            file.truncate(self._size_mb << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        _PRIMED.mkdir(parents=True, exist_ok=True)
        archive = self._archive(vm._kernel())
        # What the memory was made of. Another root, kernel or guest makes another.
        root = self._root.stat()
        made_of = f"{hashlib.sha256(archive).hexdigest()} {root.st_size} {root.st_mtime_ns} {vm._kernel().image.name}"
        if self._key.exists() and self._key.read_text() == made_of:
            return
        self._key.unlink(missing_ok=True)
        self._initramfs.write_bytes(archive)
        self._emulate()
        await_so(lambda: self._has_printed("primed", "ended"), "primed machine", _PRIMED_WITHIN_S, self.own_time)
        self.require_alive()
        self._tell("stop")
        self._tell("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self._tell("migrate", uri=f"exec:cat >{self._memory}")
        done = lambda: self._tell("query-migrate")["status"]  # noqa: E731
        await_so(lambda: done() in ("completed", "failed"), "copy of the memory", 600, self.own_time)
        if done() != "completed":
            sys.exit(f"QEMU cannot keep the memory: {self._tell('query-migrate')}")
        self.cut()
        self._key.write_text(made_of)

    def start(self) -> None:
        """Power on; returns once the disk is plugged in."""
        store = self._folder / "nbd"
        store.unlink(missing_ok=True)
        cache = ("--filter=cache", "file", self.image, "cache=writeback", "cache-min-block-size=4K")
        self._run("nbdkit", "-f", "-U", store, *cache)
        await_so(store.exists, "nbdkit", _ANSWERS_WITHIN_S, self.own_time)
        self._emulate("-incoming", f"exec:cat {self._memory}")
        # It was stopped before it was copied, and is so still.
        is_there = lambda: self._tell("query-migrate").get("status") == "completed"  # noqa: E731
        await_so(is_there, "copied machine", _ANSWERS_WITHIN_S, self.own_time)
        self._tell("cont")
        server = {"type": "unix", "path": str(store)}
        self._tell("blockdev-add", driver="nbd", **{"node-name": "data", "server": server})
        self._tell("device_add", driver="virtio-blk-pci", drive="data", id="data", **{"write-cache": "on"})
        told = {"now": round(time.time(), 3), "random": os.urandom(64).hex()}
        told |= {"site": self._site, "has_fsync": self._has_fsync}
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._folder / "line"))
            line.sendall(json.dumps(told).encode() + b"\n")
            await_so(lambda: self._has_printed("mounted"), "mounted disk", _ANSWERS_WITHIN_S, self.own_time)

    def require_alive(self) -> None:
        """Exits where QEMU or the disk's server has ended by itself, or the station (StaysDarkError)."""
        for process in self._processes:
            if process.poll() is not None:
                sys.exit(f"{process.args} has ended by itself: {process.returncode}\n{self.last_words()}")
        if self._has_printed("ended", "station ended"):
            raise StaysDarkError(f"the station has ended by itself\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of what the machine has printed since its start."""
        return self._printed()[-4000:]

    def two_words(self) -> str:
        """That a new box shows, after its start."""
        return re.findall(r"two words (\S+)", self._printed())[0]

    def cut(self) -> None:
        """The power goes. The disk's server first, so that nothing is flushed late."""
        kill_all(self._processes)
        self._processes = []

    @contextmanager
    def data(self) -> Iterator[Path]:
        """The station's folder, while the power is off."""
        place = self._folder / "mounted"
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop,noatime", self.image, place], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)

    def _emulate(self, *further: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("qmp", "line"):
            (self._folder / name).unlink(missing_ok=True)
        self.serial.unlink(missing_ok=True)
        self._run(
            *emulator(memory_mb=1536),
            *("-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{self.serial}"),
            *("-serial", f"unix:{self._folder}/line,server=on,wait=off"),
            *("-qmp", f"unix:{self._folder}/qmp,server=on,wait=off"),
            *("-kernel", vm._kernel().image, "-initrd", self._initramfs, "-append", _KERNEL_SAYS),
            *("-drive", f"file={self._root},format=raw,if=virtio,readonly=on"),
            *("-nic", f"user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:8080"),
            *further,
        )

    def _archive(self, kernel: vm.Kernel) -> bytes:
        files = kernel.files_for(_MODULES)
        init = _INIT.format(load="\n".join(f"insmod /modules/{path.name}" for path in files))
        entries = [(name, 0o040755, b"") for name in ("bin", "modules", "probe")]
        entries += [("bin/busybox", 0o100755, vm._static_busybox().read_bytes()), ("init", 0o100755, init.encode())]
        entries += [(f"modules/{path.name}", 0o100644, path.read_bytes()) for path in files]
        guest = REPOSITORY / "tests/box/guest/primed_station.py"
        told = {"primed_station.py": guest.read_bytes(), "primed.toml": site_at("127.0.0.1", 1883, 2).encode()}
        entries += [(f"probe/{name}", 0o100644, content) for name, content in told.items()]
        packed = b"".join(vm._cpio_entry(number, *entry) for number, entry in enumerate(entries, 1))
        return packed + vm._cpio_entry(0, "TRAILER!!!", 0, b"")

    def _tell(self, command: str, **arguments: object) -> Any:
        return tell(self._folder / "qmp", self.own_time, command, **arguments)

    def _has_printed(self, *words: str) -> bool:
        printed = self._printed()
        return any(f"PRIMED {word}" in printed for word in words)

    def _printed(self) -> str:
        return self.serial.read_text(errors="replace").replace("\r", "") if self.serial.exists() else ""

    def _run(self, *command: str | Path) -> None:
        if shutil.which(str(command[0]), path=f"{os.environ['PATH']}:/usr/sbin") is None:
            sys.exit(f"{command[0]} is missing; install qemu-system-x86 and nbdkit")
        with (self._folder / f"{Path(command[0]).name}.log").open("ab") as log:
            # With this program they end, too, however it ends.
            words = ["setpriv", "--pdeathsig", "KILL", *(str(word) for word in command)]
            environment = {**os.environ, "TMPDIR": str(self._folder)}
            self._processes.append(
                subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment,
                    start_new_session=True,  # Ctrl-C is for this program alone
                )
            )


def main() -> int:
    """`make test-box ARGS="--cuts N"`; exit status 0 if nothing finished is lost."""
    asked = asked_cuts(__doc__, "root.squashfs")

    def machine(scratch: Path, broker: int) -> PrimedMachine:
        site = site_at("10.0.2.2", broker, 1) + _PATIENT
        return PrimedMachine(asked.root, scratch / "machine", site, not asked.without_fsync, disk_mb(asked.cuts))

    report = None if asked.without_fsync else asked.report
    return cut_and_report(machine, asked.cuts, asked.seed, report, "machine_", _LONGEST_UNTIL_CUT_S)


if __name__ == "__main__":
    sys.exit(main())
