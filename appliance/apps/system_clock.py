"""The computer's own time."""

import ctypes
import struct
import time
from datetime import datetime, timezone

# The kernel and systemd call a clock unsynchronised from an estimated error of 16 s on (systemd, ntp_synced()).
LARGEST_CLOCK_ERROR_US = 16_000_000


class SystemClock:
    """The Clock of the running device."""

    def now_utc(self) -> datetime:
        """Timezone-aware UTC."""
        return datetime.now(timezone.utc)

    def monotonic_s(self) -> float:
        """Never goes back."""
        return time.monotonic()


def kernel_clock_error_us() -> int | None:
    """The kernel's largest estimated clock error in microseconds; None where adjtimex is not allowed."""
    buffer = ctypes.create_string_buffer(256)  # struct timex, 208 bytes on 64-bit Linux; modes = 0 only reads
    if ctypes.CDLL(None, use_errno=True).adjtimex(buffer) < 0:
        return None
    return int(struct.unpack_from("=q", buffer, 24)[0])
