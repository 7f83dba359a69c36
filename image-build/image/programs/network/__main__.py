"""nailfold-network: the box's cable and Wi-Fi, for the settings page, the screen, and telephones."""

import json
import sys
import threading
from pathlib import Path

from caretaker import Caretaker, Status
from network_manager import NetworkManager, is_given
from network_socket import NetworkSocket
from setup_pages import SetupPages
from wifi import AccessPoint, name_of

FOLDER = Path("/run/nailfold-network")
MACHINE_ID = Path("/etc/machine-id")
_EVERY_S = 3.0


class Teller:
    """Onto the screen (screen.py reads the file) and the serial line."""

    def __init__(self, own: AccessPoint, file: Path) -> None:
        self._own, self._file = own, file
        self._said: tuple[object, ...] = ()

    def __call__(self, status: Status) -> None:
        setup = {"name": self._own.name, "password": self._own.password} if status.is_open else None
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps({"setup": setup}))
        fresh.chmod(0o640)
        fresh.rename(self._file)
        online = tuple(one for link in status.links if link.is_online for one in link.addresses if is_given(one))
        said = (status.is_open, status.trying, status.tried, online, status.why_not_open)
        if said != self._said:
            self._said = said
            print(f"nailfold: {_line_of(status, self._own, online)}", flush=True)


def _line_of(status: Status, own: AccessPoint, online: tuple[str, ...]) -> str:
    if status.trying is not None:
        return f"trying Wi-Fi {name_of(status.trying)!r}"
    tried = f"; Wi-Fi {name_of(status.tried.ssid)!r}: {status.tried.word} ({status.tried.said})" if status.tried else ""
    if status.is_open:
        return f"no network; Wi-Fi {own.name!r} is open, password {own.password}{tried}"
    why = f"; own Wi-Fi: {status.why_not_open}" if status.why_not_open else ""
    return f"network {', '.join(online) or 'none'}{tried}{why}"


def main() -> None:
    """For ever."""
    own = AccessPoint.of_box(MACHINE_ID.read_text())
    caretaker = Caretaker(NetworkManager(), own, Teller(own, FOLDER / "status.json"))
    # A file of the run before would say what is no longer so.
    caretaker.begin()
    NetworkSocket(FOLDER / "network.sock", caretaker).start()
    SetupPages(caretaker, own).start()
    while True:
        caretaker.step()
        caretaker.woken.wait(_EVERY_S)
        caretaker.woken.clear()


if __name__ == "__main__":
    threading.excepthook = lambda told: sys.excepthook(
        told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback
    )
    main()
