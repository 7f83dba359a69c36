"""Test hosts of a network of their own: Linux network namespaces behind one bridge. Needs root and iproute2."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

BRIDGE, PREFIX, NETWORK = "nfbr0", "nf-host-", "10.213.7"
STATION_ADDRESS = f"{NETWORK}.1"


def refusal() -> str:
    """Why this computer allows no namespaces; empty where it does."""
    if shutil.which("ip") is None:
        return "the command ip (iproute2) is not there"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    made = _ip("netns", "add", f"{PREFIX}try")
    _ip("netns", "del", f"{PREFIX}try")
    return "" if made.returncode == 0 else f"ip netns: {made.stderr.strip()}"


@contextmanager
def hosts(count: int) -> Iterator[list[str]]:
    """So many hosts beside this computer, which is `STATION_ADDRESS` on their network; all are removed at the end."""
    with ExitStack() as undone:
        _must("link", "add", BRIDGE, "type", "bridge")
        undone.callback(_ip, "link", "del", BRIDGE)
        _must("addr", "add", f"{STATION_ADDRESS}/24", "dev", BRIDGE)
        _must("link", "set", BRIDGE, "up")
        yield [_host(number, undone) for number in range(count)]


def address_of(number: int) -> str:
    """Of the host with that number, from 0."""
    return f"{NETWORK}.{number + 2}"


def inside(host: str, *command: str) -> list[str]:
    """The command as it is run on a host."""
    return ["ip", "netns", "exec", host, *command]


def _host(number: int, undone: ExitStack) -> str:
    name, here = f"{PREFIX}{number}", f"nfv{number}"
    _must("netns", "add", name)
    undone.callback(_ip, "netns", "del", name)
    _must("link", "add", here, "type", "veth", "peer", "name", "eth0", "netns", name)
    undone.callback(_ip, "link", "del", here)
    _must("link", "set", here, "master", BRIDGE, "up")
    _must("-n", name, "addr", "add", f"{address_of(number)}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _must("-n", name, "link", "set", device, "up")
    return name


def _must(*words: str) -> None:
    done = _ip(*words)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _ip(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=20)
