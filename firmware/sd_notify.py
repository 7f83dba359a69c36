"""What a service tells systemd (sd_notify(3)); does nothing outside of systemd."""

import os
import socket


def notify(state: str) -> None:
    """Send "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=...". Raises OSError where systemd's socket is broken."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A leading @ stands for the NUL byte of Linux's abstract sockets.
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), target)


def watchdog_interval_s() -> float | None:
    """How often systemd wants to hear WATCHDOG=1: half of its time-out; None where it does not."""
    wanted_us, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not wanted_us.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(wanted_us) / 2e6
