"""The hardware watchdog in use, or why there is none."""

import logging
import time

from firmware.feeding import Feeding
from firmware.protocol import WatchdogState
from firmware.watchdog import HardwareWatchdog, find_watchdog

_log = logging.getLogger(__name__)
_NOT_USED = "no hardware watchdog is set (firmware.watchdog)"


class WatchdogFeeder:
    """Feeds the watchdog for as long as `feeding` has nothing against it; for one thread.

    Args:
        wanted: as `find_watchdog`; empty for none.
    """

    def __init__(self, wanted: str, timeout_s: int, feeding: Feeding) -> None:
        self._wanted, self._timeout_s, self._feeding = wanted, timeout_s, feeding
        self._device: HardwareWatchdog | None = None
        self._reason = "" if wanted else _NOT_USED

    def start(self) -> None:
        """From now on it must be fed. Raises FirmwareError where the settings want one that cannot be used."""
        if self._wanted:
            self._device = HardwareWatchdog(find_watchdog(self._wanted), self._timeout_s)

    @property
    def state(self) -> WatchdogState:
        if self._device is None:
            return WatchdogState(device="", reason=self._reason)
        found = self._device.device
        device = f"{found.path} {found.identity}"[:200]
        return WatchdogState(device=device, reason=self._reason)

    def feed_if_due(self) -> None:
        """Feed, or say once why not; then the computer restarts when the watchdog's time has passed."""
        if self._device is None:
            return
        reason = self._feeding.reason_against(time.monotonic())
        if reason and reason != self._reason:
            _log.error("the watchdog is not fed: %s", reason)
        self._reason = reason
        if not reason:
            self._device.feed()

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
