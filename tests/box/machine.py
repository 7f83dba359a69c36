"""A machine of software emulation with the disk of `make image`, seen from outside: its serial line and its pages."""

import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from websockets.sync.client import connect
from websockets.typing import Origin

from appliance.exam.live_message import decode_live_message
from tests.box.boot import SLOW, emulator
from tests.box.guest.exam import Browser
from tests.box.own_time import OwnTime
from tests.box.qmp import tell
from tests.box.services import await_so, kill_all

sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/image"))
sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/image/programs"))
import boot_slots
from disk import Layout

REPOSITORY = Path(__file__).resolve().parents[2]
_SECTOR = 512
_UEFI = Path("/usr/share/OVMF")
"""Of Debian's package ovmf."""
DATA_BYTES = 1 << 30
"""So much larger than the image is the disk."""
# Told to the kernel in the boot state, where a technician could too: the journal on the serial line, and no clock of
# udev's or systemd's own: on a busy computer emulated drivers and services take minutes.
_EXTRA = (
    "no_timer_check mitigations=off systemd.journald.forward_to_console=1 udev.event_timeout=3600 "
    "systemd.default_timeout_start_sec=3600"
)


class Machine:
    """Between `start` and `cut`; its disk stays. The disk has a cache that a cut loses (nbdkit's cache filter).

    Args:
        folder: of its own.
        image: what the disk begins as; it is copied, to a larger disk.
        stick: a FAT image, as if plugged in. At the first start it is one that brings the test's settings.
        scheme: of its pages.
        is_uefi: with EDK2's firmware in the place of SeaBIOS; its variables stay over the starts.
    """

    def __init__(
        self, folder: Path, image: Path, stick: Path | None = None, scheme: str = "https", is_uefi: bool = False
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self.stick, self._scheme = folder, stick, scheme
        self.disk, self.serial, self._qmp = folder / "disk.img", folder / "serial.log", folder / "qmp"
        self._firmware: tuple[str, ...] = ()
        if is_uefi:
            shutil.copy(_UEFI / "OVMF_VARS_4M.fd", folder / "uefi-variables")
            flash = ("if=pflash,format=raw,unit=0,readonly=on", "if=pflash,format=raw,unit=1")
            files = (_UEFI / "OVMF_CODE_4M.fd", folder / "uefi-variables")
            self._firmware = tuple(
                word for how, file in zip(flash, files, strict=True) for word in ("-drive", f"{how},file={file}")
            )
        subprocess.run(["cp", "--sparse=always", image, self.disk], check=True)
        os.truncate(self.disk, self.disk.stat().st_size + DATA_BYTES)
        self._write_state(self.boot_state | {"extra": _EXTRA})
        if stick is None:
            site = folder / "site.toml"
            site.write_text((REPOSITORY / "image-build/image/overlay/etc/nailfold/site.toml").read_text() + SLOW)
            self.stick = folder / "settings.stick"
            stick_with(site, self.stick)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port = 0
        self.own_time = OwnTime(lambda: [process.pid for process in self._processes])

    def start(self) -> None:
        """Returns at once."""
        socket_file = self._folder / "nbd"
        socket_file.unlink(missing_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        cache = ("--filter=cache", "file", self.disk, "cache=writeback", "cache-min-block-size=4K")
        self._run("nbdkit", "-f", "-U", socket_file, *cache)
        await_so(socket_file.exists, "nbdkit", 30, self.own_time)
        self._qmp.unlink(missing_ok=True)
        # A stick that is there at the start must not be started from.
        drives = [f"driver=nbd,server.type=unix,server.path={socket_file},if=none,id=own,discard=unmap"]
        if self.stick is not None:
            drives.append(f"file={self.stick},format=raw,if=virtio,readonly=on")
        self.serial.unlink(missing_ok=True)
        self._run(
            *emulator(memory_mb=3072),
            *self._firmware,
            *("-nodefaults", "-display", "none", "-serial", f"file:{self.serial}", "-device", "i6300esb"),
            *("-device", "virtio-blk-pci,drive=own,bootindex=0"),
            *("-device", "qemu-xhci", "-qmp", f"unix:{self._qmp},server=on,wait=off"),
            *(word for drive in drives for word in ("-drive", drive)),
            *("-nic", f"user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{self.port}-:8080,restrict=on"),
        )

    def cut(self) -> None:
        """The power goes: what the disk had not flushed is lost."""
        kill_all(self._processes)
        self._processes = []

    def plug(self, stick: Path) -> None:
        """A stick on USB, writable, while the machine runs or right after its start; once a start."""
        file = {"driver": "file", "filename": str(stick)}
        self._tell("blockdev-add", **{"driver": "raw", "node-name": "backup", "file": file})
        self._tell("device_add", driver="usb-storage", drive="backup", id="backup-stick", removable=True)

    def unplug(self) -> None:
        """Pulled out: no unmounting is asked for. What was written is in its file."""
        self._tell("device_del", id="backup-stick")
        gone = lambda: "backup-stick" not in str(self._tell("qom-list", path="/machine/peripheral"))  # noqa: E731
        await_so(gone, "end of the stick", 60, self.own_time)

    def _tell(self, command: str, **arguments: object) -> Any:
        """One command of QEMU's machine protocol. Exits where it is refused."""
        return tell(self._qmp, self.own_time, command, **arguments)

    def printed(self) -> str:
        """On the serial line since the last start."""
        return self.serial.read_text(errors="replace").replace("\r", "") if self.serial.exists() else ""

    def await_printed(self, pattern: str, within_s: float, after: int = 0) -> re.Match[str]:
        """The first match behind that place of the text. Exits where it does not come."""
        found: list[re.Match[str]] = []

        def is_there() -> bool:
            found[:] = [match for match in [re.compile(pattern).search(self.printed(), after)] if match]
            return bool(found)

        await_so(is_there, f"{pattern!r} on the serial line", within_s, self.own_time)
        return found[0]

    def browser(self) -> Browser:
        """A new one, that takes the box's own certificate."""
        return Browser(f"{self._scheme}://127.0.0.1:{self.port}", ssl._create_unverified_context())

    def is_live(self) -> bool:
        """Whether pictures come and are analysed."""
        with contextlib.suppress(OSError, HTTPException):
            return bool(self.browser().json("/health/ready")["is_ready"])
        return False

    def live_frame(self, browser: Browser, within_s: float) -> tuple[dict[str, Any], bytes]:
        """Header and JPEG of the next picture, as a page that is logged in gets it: over the WebSocket."""
        url = f"{self._scheme}://127.0.0.1:{self.port}"
        told = {"origin": Origin(url), "additional_headers": {"Cookie": browser.cookies}, "proxy": None}
        until_s = self.own_time() + within_s
        # The far side is slow: it answers no ping within the usual seconds.
        patience = {"open_timeout": None, "ping_interval": None, "max_size": None}
        trusted = ssl._create_unverified_context()
        with connect(f"wss://127.0.0.1:{self.port}/live/ws", ssl=trusted, **told, **patience) as page:
            while self.own_time() < until_s:
                with contextlib.suppress(TimeoutError):
                    if isinstance(message := page.recv(timeout=10), bytes):
                        return decode_live_message(message)
        sys.exit(f"no live picture within {within_s:.0f} s")

    @property
    def boot_state(self) -> dict[str, str]:
        """As it lies on the disk; read while the machine is off."""
        return (
            boot_slots.unpacked(
                self._at_state(
                    lambda file, place: os.pread(file, boot_slots.BLOCK_SIZE, place + boot_slots.COPIES_AT[0])
                )
            )
            or {}
        )

    def _write_state(self, state: dict[str, str]) -> None:
        block = boot_slots.packed(state)
        self._at_state(lambda file, place: [os.pwrite(file, block, place + copy) for copy in boot_slots.COPIES_AT])

    def overwrite(self, name: str, content: bytes) -> None:
        """The beginning of a partition; while the machine is off. One that the box made is in its table alone."""
        with self.disk.open("r+b") as file:
            file.seek(self._start_of(name))
            file.write(content)

    def beginning(self, name: str, size: int) -> bytes:
        """Of a partition; while the machine is off."""
        with self.disk.open("rb") as file:
            file.seek(self._start_of(name))
            return file.read(size)

    def _start_of(self, name: str) -> int:
        told = subprocess.run(["sfdisk", "--json", self.disk], check=True, capture_output=True, text=True).stdout
        [part] = [one for one in json.loads(told)["partitiontable"]["partitions"] if one.get("name") == name]
        return int(part["start"]) * _SECTOR

    def _at_state(self, do: Callable[[int, int], Any]) -> Any:
        [part] = [part for part in Layout().partitions if part.name == "boot-state"]
        with self.disk.open("r+b") as file:
            return do(file.fileno(), part.offset)

    def _run(self, *command: str | Path) -> None:
        if shutil.which(str(command[0]), path=f"{os.environ['PATH']}:/usr/sbin") is None:
            sys.exit(f"{command[0]} is missing; install qemu-system-x86 and nbdkit")
        log = (self._folder / f"{Path(command[0]).name}.log").open("ab")
        with log:
            self._processes.append(
                subprocess.Popen(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, "TMPDIR": str(self._folder)},
                )
            )


def stick_with(content: Path, image: Path) -> None:
    """A FAT that is called NAILFOLD and holds the file. Needs dosfstools and mtools."""
    empty_stick(image, "NAILFOLD", content.stat().st_size + (64 << 20))
    subprocess.run(["mcopy", "-i", image, content, "::"], check=True)


def empty_stick(image: Path, name: str, size_bytes: int = 64 << 20) -> None:
    """A FAT of that name."""
    with image.open("wb") as file:
        file.truncate(size_bytes)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", name, image], check=True, capture_output=True)


def read_from_stick(image: Path, name: str) -> bytes:
    """A file of a stick that is not plugged in. Exits where there is none."""
    return subprocess.run(["mtype", "-i", image, f"::{name}"], check=True, capture_output=True).stdout
