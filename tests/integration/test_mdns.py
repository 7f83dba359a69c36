"""The image's avahi settings on a network of two namespaces: nailfold.local is found, and its pages as a service."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

OVERLAY = Path(__file__).parents[2] / "image-build/image/overlay"
_BOX = """
set -e
ip link set lo up; ip link set box up; ip addr add 10.77.0.1/24 dev box
mount -t tmpfs none /run; mkdir -p /run/avahi-daemon
mount --bind {services} /etc/avahi/services
exec avahi-daemon -f {conf} --no-drop-root --no-chroot --no-rlimits
"""

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="namespaces and interfaces need root"),
    pytest.mark.skipif(
        shutil.which("avahi-daemon", path="/usr/sbin:/usr/bin") is None, reason="avahi is not installed"
    ),
]


def question(name: str, kind: int) -> bytes:
    """An mDNS query that asks for an answer to the asker alone (RFC 6762, 5.4)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", 0, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 0x8001)


def ask(name: str, kind: int) -> bytes:
    """The answer from the network of this process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.77.0.2"))
        line.bind(("10.77.0.2", 0))
        line.settimeout(1.0)
        until_s = time.monotonic() + 30.0
        while time.monotonic() < until_s:
            line.sendto(question(name, kind), ("224.0.0.251", 5353))
            try:
                return line.recv(9000)
            except TimeoutError:
                continue
    raise SystemExit(f"nobody answers for {name}")


@pytest.fixture
def answers() -> list[bytes]:
    """Of the box to a computer beside it."""
    conf, services = OVERLAY / "etc/avahi/avahi-daemon.conf", OVERLAY / "etc/avahi/services"
    inside = _BOX.format(conf=conf, services=services)
    # Everything in one new network, which ends with its last process.
    script = f"""
set -e
ip link set lo up
ip link add clinic type veth peer name box
unshare --net --mount sh -c 'echo $$ >"$0"; sleep 1; exec sh -c "$1"' "$1/pid" "$2" &
while [ ! -s "$1/pid" ]; do sleep 0.1; done
trap 'kill $(cat "$1/pid")' EXIT
ip link set box netns "$(cat "$1/pid")"
ip link set clinic up; ip addr add 10.77.0.2/24 dev clinic
ip route add 224.0.0.0/4 dev clinic
PYTHONPATH={Path(__file__).parents[2]} {sys.executable} -m tests.integration.test_mdns
"""
    folder = Path(f"/tmp/nailfold-mdns-{os.getpid()}")
    folder.mkdir()
    command = ["unshare", "--net", "--mount", "sh", "-c", script, "sh", str(folder), inside]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr.decode()
    return [bytes.fromhex(line) for line in done.stdout.decode().split()]


def test_a_browser_of_the_clinics_network_finds_the_box(answers: list[bytes]) -> None:
    address, service, place = answers
    assert socket.inet_aton("10.77.0.1") in address
    assert b"nailfold on nailfold" in service
    assert struct.pack(">H", 8080) in place


if __name__ == "__main__":
    print(ask("nailfold.local", 1).hex())
    print(ask("_https._tcp.local", 12).hex())
    print(ask("nailfold on nailfold._https._tcp.local", 33).hex())
