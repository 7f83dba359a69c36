"""Two boxes with the image's avahi settings on one network: each is found, by the name that it knows itself."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.apps.station.mdns_name import name_of_avahi

REPOSITORY = Path(__file__).parents[2]
OVERLAY = REPOSITORY / "image-build/image/overlay"
# The clinic's network ends with its last process; each box is one more, with a bus and an avahi of its own.
_CLINIC = """
set -e
folder=$1; shift
ip link set lo up
ip link add clinic type bridge; ip link set clinic up; ip addr add 10.77.0.2/24 dev clinic
ip route add 224.0.0.0/4 dev clinic
trap 'kill $(cat "$folder"/*.pid)' EXIT
for number in 1 3; do
    unshare --net --mount sh -c 'echo $$ >"$0"
        while [ ! -e "$0.wired" ]; do sleep 0.1; done; exec sh -c "$1" sh "$2" "$3"' \
        "$folder/$number.pid" "$BOX" $number "$folder" &
    while [ ! -s "$folder/$number.pid" ]; do sleep 0.1; done
    ip link add wire$number type veth peer name box netns "$(cat "$folder/$number.pid")"
    ip link set wire$number master clinic up
    touch "$folder/$number.pid.wired"
    while [ ! -s "$folder/$number.name" ]; do sleep 0.1; done
done
"$@"
"""
_BOX = """
set -e
ip link set lo up; ip link set box up; ip addr add 10.77.0.$1/24 dev box
mount -t tmpfs none /run; mkdir -p /run/avahi-daemon /run/dbus
mount --bind {services} /etc/avahi/services
dbus-daemon --system --nopidfile --nofork & echo $! >"$2/$1-bus.pid"
while [ ! -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
{python} -m tests.integration.test_mdns name "$2/$1.name" &
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


def write_own_name(file: Path) -> None:
    """As the station of this box finds it, once avahi has settled for one: it takes a while to see the other."""
    until_s, settled_for, before = time.monotonic() + 60.0, 0, ""
    while settled_for < 20 and time.monotonic() < until_s:
        name = name_of_avahi()
        settled_for, before = (settled_for + 1 if name and name == before else 0), name
        time.sleep(0.1)
    fresh = file.with_suffix(".new")
    fresh.write_text(before or "none")
    fresh.rename(file)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Answers of the boxes to a computer beside them, in hex, then the names that the boxes know themselves by."""
    folder = tmp_path_factory.mktemp("mdns")
    conf, services = OVERLAY / "etc/avahi/avahi-daemon.conf", OVERLAY / "etc/avahi/services"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    environment["BOX"] = _BOX.format(conf=conf, services=services, python=sys.executable)
    asking = [sys.executable, "-m", "tests.integration.test_mdns", "ask"]
    command = ["unshare", "--net", "--mount", "sh", "-c", _CLINIC, "sh", str(folder), *asking]
    done = subprocess.run(command, capture_output=True, check=False, timeout=180, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    return [*done.stdout.decode().split(), *(path.read_text() for path in sorted(folder.glob("*.name")))]


def test_a_browser_of_the_clinics_network_finds_the_box(network: list[str]) -> None:
    address, service, place = (bytes.fromhex(line) for line in network[:3])
    assert socket.inet_aton("10.77.0.1") in address
    assert b"nailfold on nailfold" in service
    assert struct.pack(">H", 8080) in place


def test_a_second_box_knows_the_name_that_it_was_given(network: list[str]) -> None:
    assert network[4:] == ["nailfold.local", "nailfold-2.local"]
    assert socket.inet_aton("10.77.0.3") in bytes.fromhex(network[3])


if __name__ == "__main__":
    if sys.argv[1] == "name":
        write_own_name(Path(sys.argv[2]))
    else:
        print(ask("nailfold.local", 1).hex())
        print(ask("_https._tcp.local", 12).hex())
        print(ask("nailfold on nailfold._https._tcp.local", 33).hex())
        print(ask("nailfold-2.local", 1).hex())
