#!/usr/bin/python3
"""What a box shows on an attached screen: where its pages are, and the two words for the first page until it is set up.

    screen [--once]

Written anew whenever an address or the state changes. Runs as the station's user, whose file holds the code.
"""

import argparse
import json
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCESS = Path("/var/lib/nailfold/access.json")
MACHINE_ID = Path("/etc/machine-id")
ERASED = Path("/data/update/erased.json")
NETWORK = Path("/run/nailfold-network/status.json")
SITE = Path("/etc/nailfold/site.toml")
STATION = "nailfold-station"
PORT = 8080
_MOST_STARTS = 3
_EVERY_S = 5.0
_CLEAR = "\033[2J\033[H"


@dataclass(frozen=True)
class Shown:
    """All that the screen says.

    Attributes:
        name: by which the network finds this computer, "nailfold.local".
        addresses: of each network, as they stand in a browser's line.
        code: empty once the box is set up.
        box_id: names this box to somebody who wants to erase it.
        is_serving: whether its pages answer.
        was_erased: whether this new box was erased before, with every check passed; None where it never was.
        own_wifi: name and password of the box's own Wi-Fi while that is open.
        trouble: why the station does not start; None while it may.
    """

    name: str
    addresses: tuple[str, ...]
    code: str
    box_id: str
    is_serving: bool
    was_erased: bool | None = None
    own_wifi: tuple[str, str] | None = None
    trouble: str | None = None

    @property
    def text(self) -> str:
        if not self.is_serving and self.trouble is not None:
            todo = "Switch on with a stick called NAILFOLD that holds a corrected site.toml."
            said = (
                f"Its settings cannot be used:\n\n    {self.trouble}\n\n{todo}" if self.trouble else "Tell the service."
            )
            return f"nailfold does not start.\n\n{said}\n\nbox {self.box_id}\n"
        if not self.is_serving:
            return f"nailfold is starting ...\n\nbox {self.box_id}\n"
        if self.own_wifi is not None:
            name, password = self.own_wifi
            where = (
                "No network. Plug in the cable, or join this Wi-Fi with a telephone:\n\n"
                f"    {name}\n    password {password}\n\n"
                "The page that opens by itself, or http://10.42.0.1, asks for the clinic's Wi-Fi."
            )
        elif not self.addresses:
            where = "No network: plug in the cable."
        else:
            lines = [f"https://{self.name}:{PORT}", *(f"https://{one}:{PORT}" for one in self.addresses)]
            where = "Open in a browser on the same network:\n\n" + "\n".join(f"    {line}" for line in lines)
        erased = {None: "", True: "All that was on this box is erased.\n\n", False: "ERASING WAS NOT PROVEN.\n\n"}
        first = f"\n\nThe first page asks for these words:\n\n    {self.code}" if self.code else ""
        return f"nailfold\n\n{erased[self.was_erased if self.code else None]}{where}{first}\n\nbox {self.box_id}\n"


def addresses_of(links: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Of `ip -json address`: each that others can reach; those of IPv6, in brackets, where there is no other."""
    infos = [
        info for link in links for info in link["addr_info"] if info["scope"] == "global" and not info.get("temporary")
    ]
    four = tuple(info["local"] for info in infos if info["family"] == "inet")
    return four or tuple(f"[{info['local']}]" for info in infos if info["family"] == "inet6")


def own_wifi() -> tuple[str, str] | None:
    """Name and password of the box's own Wi-Fi, while nailfold-network has it open."""
    try:
        setup = json.loads(NETWORK.read_text())["setup"]
    except FileNotFoundError:
        return None
    return (setup["name"], setup["password"]) if setup else None


def name_on_network() -> str:
    """As avahi says: another than its own where a second box is there. Its own where avahi does not answer."""
    ask = ("busctl", "--system", "--auto-start=no", "--json=short", "--timeout=5", "call")
    avahi = ("org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server", "GetHostNameFqdn")
    done = subprocess.run([*ask, *avahi], check=False, capture_output=True, text=True)
    return str(json.loads(done.stdout)["data"][0]) if done.returncode == 0 else f"{socket.gethostname()}.local"


def box_id(machine_id: str) -> str:
    """Eight digits of the machine's id, which is another after everything was erased."""
    return machine_id.strip()[:8]


def is_proven(proof: dict[str, Any]) -> bool:
    """Of the initramfs (data-partition.sh, erase): every check passed; whether the disk took a discard is its own."""
    return all(proof[name] is True for name in ("header_is_zero", "old_key_is_refused", "key_is_overwritten"))


def page(path: str) -> str:
    """The address at which a page of this box's own server ends; empty where none answers."""
    # The certificate is for browsers; here both sides are this computer.
    context = ssl._create_unverified_context()  # noqa: S323 (this very computer)
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{PORT}{path}", timeout=60, context=context) as answer:
            return str(answer.geturl())
    except OSError:
        return ""


def trouble() -> str | None:
    """Why the station was started again and again: what is wrong with its settings, empty where they are right.

    None where systemd still starts it for the first times.
    """
    ask = ("systemctl", "show", STATION, "--property=ActiveState", "--property=NRestarts")
    told = subprocess.run(ask, check=False, capture_output=True, text=True).stdout
    shown = dict(line.partition("=")[::2] for line in told.splitlines())
    if shown.get("ActiveState") != "failed" and int(shown.get("NRestarts") or 0) < _MOST_STARTS:
        return None
    checked = subprocess.run(
        ["nailfold", "config", "check", str(SITE)], check=False, capture_output=True, text=True, timeout=300
    )
    return "" if checked.returncode == 0 else (checked.stdout or checked.stderr).strip()


def look() -> Shown:
    """As of now. The first page is there only until the box is set up."""
    links = json.loads(subprocess.run(["ip", "-json", "address"], check=True, capture_output=True).stdout)
    is_serving = page("/health/alive") != ""
    is_new = is_serving and page("/setup").endswith("/setup")
    code = json.loads(ACCESS.read_text())["access_code"] if is_new else ""
    named = box_id(MACHINE_ID.read_text())
    was_erased = is_proven(json.loads(ERASED.read_text())) if ERASED.exists() else None
    why = None if is_serving else trouble()
    return Shown(name_on_network(), addresses_of(links), code, named, is_serving, was_erased, own_wifi(), why)


def main() -> None:
    """For ever, unless once is enough."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--once", action="store_true")
    asked = options.parse_args()
    before = None
    while True:
        now = look()
        if asked.once:
            sys.stdout.write(now.text)
            return
        if now != before:
            sys.stdout.write(_CLEAR + now.text)
            sys.stdout.flush()
            before = now
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    main()
