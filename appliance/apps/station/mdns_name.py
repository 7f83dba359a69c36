"""The name by which the network finds this computer: avahi chooses another where its own is taken."""

import json
import logging
import subprocess
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)
_KEPT_S = 30.0
_WITHIN_S = 5.0
# systemd's own client for D-Bus, on every box; it asks whoever may ask (avahi-dbus.conf), and starts nothing.
_ASK = (
    *("busctl", "--system", "--auto-start=no", "--json=short", f"--timeout={_WITHIN_S:g}"),
    *("call", "org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server", "GetHostNameFqdn"),
)


class MdnsName:
    """Asked for anew after half a minute: avahi may meet another computer of its name at any time.

    Args:
        ask: the name as of now, empty where avahi does not run.
        now: seconds of a clock that never jumps.
    """

    def __init__(self, ask: Callable[[], str] | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._now = ask or name_of_avahi, now
        self._name, self._asked_at_s = "", -_KEPT_S
        self._asking = threading.Lock()

    def __call__(self) -> str:
        """ "nailfold-2.local"; empty where nobody answers. Never waits for another's question."""
        if self._now() - self._asked_at_s >= _KEPT_S and self._asking.acquire(blocking=False):
            try:
                name = self._ask()
                if name and name != self._name:
                    _log.info("the network finds this computer as %s", name)
                self._name, self._asked_at_s = name, self._now()
            finally:
                self._asking.release()
        return self._name


def name_of_avahi() -> str:
    """What avahi says over the system's D-Bus; empty where one of them does not run."""
    try:
        done = subprocess.run(_ASK, capture_output=True, text=True, timeout=2 * _WITHIN_S, check=True)
        [name] = json.loads(done.stdout)["data"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        _log.debug("avahi does not say its name: %s", error)
        return ""
    return str(name).lower()
