"""NetworkManager by its own command, nmcli: what there is, and one profile at a time."""

import ipaddress
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from wifi import AccessPoint, Network, found_in

KEPT = Path("/etc/NetworkManager/system-connections")
IN_MEMORY = Path("/run/NetworkManager/system-connections")
_UP_WITHIN_S = 75
_COMMAND_WITHIN_S = 30
_ACTIVATED = 100
# NMDeviceStateReason, as nmcli prints it where an activation fails.
_REASONS = {
    "bad_password": (7, 8, 9, 10, 11),
    "no_address": (4, 5, 15, 16, 17),
    "not_found": (53,),
}
_SAID = {
    "bad_password": ("secrets were required", "802.1x supplicant"),
    "no_address": ("ip configuration could not", "dhcp"),
    "not_found": ("could not be found", "no network with ssid"),
}


class Refused(Exception):  # noqa: N818
    """NetworkManager did not do it. The first argument is one word (texts.json), the second what it said."""


@dataclass(frozen=True)
class Link:
    """One cable or radio.

    Attributes:
        kind: "ethernet" or "wifi".
        state: NMDeviceState; 100 is connected, 20 without a cable.
        identity: UUID of what it is connected by; empty where it is by none.
        addresses: with their prefix.
    """

    device: str
    kind: str
    state: int
    identity: str
    addresses: tuple[str, ...]

    @property
    def is_online(self) -> bool:
        """Whether others can reach the box here; an address of its own making is none that a network gave."""
        own = self.identity == AccessPoint.IDENTITY
        return self.state == _ACTIVATED and not own and any(is_given(one) for one in self.addresses)


def is_given(address: str) -> bool:
    """Whether somebody gave it to the box."""
    return not ipaddress.ip_interface(address).ip.is_link_local


def links_in(told: str) -> tuple[Link, ...]:
    """Of `nmcli -t -e no -f ... device show`: cables and radios."""
    found = []
    for block in told.strip().split("\n\n"):
        pairs = [line.partition(":")[::2] for line in block.splitlines()]
        value = dict(pairs)
        addresses = tuple(text for key, text in pairs if re.fullmatch(r"IP[46]\.ADDRESS\[\d+\]", key))
        kind = value.get("GENERAL.TYPE", "")
        if kind in ("ethernet", "wifi"):
            state = int(value["GENERAL.STATE"].split()[0])
            identity = value.get("GENERAL.CON-UUID", "").replace("--", "")
            found.append(Link(value["GENERAL.DEVICE"], kind, state, identity, addresses))
    return tuple(found)


def reason_in(said: str) -> str:
    """One word for why `nmcli connection up` failed."""
    number = re.search(r"\((\d+)\)", said)
    for word, numbers in _REASONS.items():
        if number and int(number[1]) in numbers:
            return word
    return next((word for word, texts in _SAID.items() if any(text in said.lower() for text in texts)), "failed")


class NetworkManager:
    """All that is asked of it.

    Args:
        kept: folder of profiles that outlive a restart.
        in_memory: of those that do not.
    """

    def __init__(self, kept: Path = KEPT, in_memory: Path = IN_MEMORY) -> None:
        self._kept, self._in_memory = kept, in_memory

    def links(self) -> tuple[Link, ...]:
        """As of now; none while NetworkManager does not answer."""
        fields = "GENERAL.DEVICE,GENERAL.TYPE,GENERAL.STATE,GENERAL.CON-UUID,IP4.ADDRESS,IP6.ADDRESS"
        try:
            return links_in(_nmcli("-t", "-e", "no", "-f", fields, "device", "show"))
        except Refused:
            return ()

    def search(self, device: str) -> tuple[Network, ...]:
        """Looks anew, some seconds. A radio that is an access point itself cannot, and tells what it knew."""
        fields = "SSID-HEX,SIGNAL,SECURITY,WPA-FLAGS,RSN-FLAGS"
        listing = ("-t", "-e", "no", "-f", fields, "device", "wifi", "list", "ifname", device, "--rescan")
        try:
            return found_in(_nmcli(*listing, "yes"))
        except Refused:
            return found_in(_nmcli(*listing, "no"))

    def profiles(self) -> dict[str, str]:
        """The text of each that nailfold keeps, by its UUID."""
        files = self._kept.glob("nailfold-*.nmconnection")
        return {file.stem.removeprefix("nailfold-"): file.read_text() for file in files}

    def keep(self, identity: str, profile: str) -> None:
        """On the disk when this returns. Raises Refused where it has no room."""
        self._write(self._kept, identity, profile)

    def keep_in_memory(self, identity: str, profile: str) -> None:
        """Until the computer restarts."""
        self._in_memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(self._in_memory, identity, profile)

    def forget(self, identity: str) -> None:
        """Whether it is in use or not."""
        for folder in (self._kept, self._in_memory):
            (folder / f"nailfold-{identity}.nmconnection").unlink(missing_ok=True)
        _nmcli("connection", "reload")

    def up(self, identity: str, device: str) -> None:
        """Returns once the box has an address there. Raises Refused."""
        _nmcli("-w", str(_UP_WITHIN_S), "connection", "up", "uuid", identity, "ifname", device)

    def down(self, identity: str) -> None:
        """Nothing where it is not up."""
        try:
            _nmcli("-w", "10", "connection", "down", "uuid", identity)
        except Refused:
            return

    def _write(self, folder: Path, identity: str, profile: str) -> None:
        whole = folder / f"nailfold-{identity}.nmconnection"
        fresh = folder / f".{whole.name}"
        try:
            # NetworkManager takes none that others could read.
            with open(fresh, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(profile)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(whole)
            line = os.open(folder, os.O_RDONLY)
            os.fsync(line)
            os.close(line)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise Refused("not_kept", str(error)) from error
        _nmcli("connection", "load", str(whole))


def _nmcli(*words: str) -> str:
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["nmcli", *words],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=_UP_WITHIN_S + _COMMAND_WITHIN_S,
        )
    except subprocess.TimeoutExpired as late:
        raise Refused("failed", f"no answer: {late}") from late
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise Refused(reason_in(said), said)
    return done.stdout
