"""A virtual machine that shares this computer's files and has kernel drivers this computer may lack.

Pure software emulation: it needs no right to /dev/kvm and behaves alike on every computer. The kernel is Debian's own
package, unpacked under build/vm and never installed. The guest's root is the host's, read-only, over virtio 9p, so
that it runs the very Python and the very sources of the checkout.

Needs the Debian packages qemu-system-x86 and busybox-static, and apt-get for the kernel the first time.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_CACHE = REPOSITORY / "build" / "vm"
_BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p")
_EXIT = re.compile(r"^GUEST-EXIT (\d+)", re.MULTILINE)


class NoVirtualMachine(Exception):  # noqa: N818
    """Why none can be had here, in one sentence."""


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel package: the image to boot and the folder with its modules."""

    image: Path
    modules: Path

    def files_for(self, names: Iterable[str]) -> list[Path]:
        """The files of these modules and of all they need, in the order of loading. Built-in ones are left out."""
        found = {path.stem.replace("-", "_"): path for path in self.modules.rglob("*.ko")}
        ordered: list[Path] = []
        for name in names:
            self._add(name.replace("-", "_"), found, ordered)
        return ordered

    def _add(self, name: str, found: dict[str, Path], ordered: list[Path]) -> None:
        path = found.get(name)
        if path is None or path in ordered:
            return
        for needed in _depends(path):
            self._add(needed, found, ordered)
        ordered.append(path)


@dataclass(frozen=True)
class GuestRun:
    """What came of a command in the guest: its exit status (None if it never ended) and all that was printed."""

    status: int | None
    output: str


def run_in_guest(
    arguments: Sequence[str], modules: Sequence[str] = (), timeout_s: float = 150, memory_mib: int = 1024
) -> GuestRun:
    """Boot, run `python arguments...` as root in the repository, power off.

    Args:
        arguments: of the guest's Python.
        modules: kernel modules that the guest may load, by `guest_modules.load`.
        timeout_s: after which the machine is stopped.
        memory_mib: of the guest.

    Raises:
        NoVirtualMachine: a program or the kernel is missing.
    """
    qemu, busybox = _program("qemu-system-x86_64", "qemu-system-x86"), _static_busybox()
    kernel = _kernel()
    files = {name: kernel.files_for([name]) for name in modules}
    initramfs = _CACHE / f"initramfs-{os.getpid()}.cpio"
    initramfs.write_bytes(_initramfs(kernel, busybox, _init_script(kernel, arguments, files)))
    command = [
        *(qemu, "-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(memory_mib)),
        *("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none"),
        *("-kernel", str(kernel.image), "-initrd", str(initramfs)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on"),
        *("-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False, text=True
        )
        output = done.stdout + done.stderr
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace") + f"\nstopped after {timeout_s:g} s"
    finally:
        initramfs.unlink()
    status = _EXIT.search(output.replace("\r", ""))
    return GuestRun(int(status[1]) if status else None, output.replace("\r", ""))


def _init_script(kernel: Kernel, arguments: Sequence[str], files: Mapping[str, Sequence[Path]]) -> str:
    quoted = " ".join("'" + argument.replace("'", "'\\''") + "'" for argument in arguments)
    boot = "\n".join(f"insmod /modules/{path.name}" for path in kernel.files_for(_BOOT_MODULES))
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": "/dev/shm",
        "TMPDIR": "/dev/shm",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **{f"NAILFOLD_MODULE_{name}": ":".join(map(str, paths)) for name, paths in files.items()},
    }
    exports = "\n".join(f"export {name}='{value}'" for name, value in environment.items())
    return f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /host
mount -t proc proc /proc
{boot}
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose host /host || echo "no root over 9p"
mount -t proc proc /host/proc
mount -t sysfs sysfs /host/sys
mount -t devtmpfs dev /host/dev
mkdir -p /host/dev/shm
mount -t tmpfs tmpfs /host/dev/shm
{exports}
chroot /host /bin/sh -c 'cd {REPOSITORY} && exec "$@"' sh {sys.executable} {quoted}
echo "GUEST-EXIT $?"
poweroff -f
"""


def _initramfs(kernel: Kernel, busybox: Path, init: str) -> bytes:
    """A cpio archive (newc) with busybox, the modules that reach the root, and /init."""
    entries = [("bin", 0o040755, b""), ("modules", 0o040755, b"")]
    entries += [("bin/busybox", 0o100755, busybox.read_bytes()), ("init", 0o100755, init.encode())]
    entries += [(f"modules/{path.name}", 0o100644, path.read_bytes()) for path in kernel.files_for(_BOOT_MODULES)]
    archive = b"".join(_cpio_entry(number, *entry) for number, entry in enumerate(entries, 1))
    return archive + _cpio_entry(0, "TRAILER!!!", 0, b"")


def _cpio_entry(inode: int, name: str, mode: int, data: bytes) -> bytes:
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _depends(module: Path) -> list[str]:
    """The names in a module's own "depends=" entry."""
    entry = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    return [name.replace("-", "_") for name in entry[1].decode().split(",") if name] if entry else []


def _kernel() -> Kernel:
    """Debian's kernel from the cache, fetched and unpacked the first time."""
    unpacked = _CACHE / "kernel"
    if not list(unpacked.glob("boot/vmlinuz-*")):
        _fetch_kernel(unpacked)
    images = sorted(unpacked.glob("boot/vmlinuz-*"))
    if not images:
        raise NoVirtualMachine(f"the kernel package under {unpacked} holds no kernel")
    release = images[-1].name.removeprefix("vmlinuz-")
    modules = next((path for path in unpacked.glob(f"**/lib/modules/{release}") if path.is_dir()), None)
    if modules is None:
        raise NoVirtualMachine(f"the kernel package under {unpacked} holds no modules")
    return Kernel(images[-1], modules)


def _fetch_kernel(unpacked: Path) -> None:
    if platform.machine() != "x86_64":
        raise NoVirtualMachine(f"the guest is x86_64 and runs this computer's Python, which is {platform.machine()}")
    _program("apt-get", "apt")
    depends = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=False)
    package = re.search(r"Depends: (linux-image-\S+)", depends.stdout)
    if package is None:
        raise NoVirtualMachine("apt knows no linux-image-amd64 here (run apt-get update)")
    fresh = unpacked.with_name(f"kernel-{os.getpid()}")
    fresh.mkdir(parents=True)
    try:
        _run(["apt-get", "download", package[1]], fresh)
        _run(["dpkg-deb", "-x", str(next(fresh.glob("*.deb"))), str(fresh)], fresh)
        next(fresh.glob("*.deb")).unlink()
        os.replace(fresh, unpacked)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=90)
    except subprocess.TimeoutExpired as expired:
        raise NoVirtualMachine(f"{' '.join(command[:3])} took more than {expired.timeout:g} s") from expired
    if done.returncode != 0:
        raise NoVirtualMachine(f"{' '.join(command[:3])} failed: {done.stderr.strip().splitlines()[-1:]}")


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoVirtualMachine(f"{name} is missing; install the Debian package {package}")
    return found


def _static_busybox() -> Path:
    path = Path(_program("busybox", "busybox-static"))
    if b"/lib64/ld-linux" in path.read_bytes():
        raise NoVirtualMachine("busybox is not static; install the Debian package busybox-static")
    return path
