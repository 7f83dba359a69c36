"""The station's pulse: once a second its phase and progress to the firmware, and systemd's watchdog."""

import logging
import threading
import time
from collections.abc import Callable

from firmware.feeding import Feeding
from firmware.protocol import Phase, ProgressCounters, StationStatus
from firmware.sd_notify import notify, watchdog_interval_s

_log = logging.getLogger(__name__)
_EVERY_S = 1.0


class Heartbeat:
    """Started once, when the pages are served; stopped once.

    Args:
        look: the counters; called on this thread alone.
        phase: how the station fares and, of a fault, why.
        tell: takes the status for the firmware.
        stalled_after_s: a part without progress for so long keeps systemd from being told that all is well.
    """

    def __init__(
        self,
        look: Callable[[], ProgressCounters],
        phase: Callable[[], tuple[Phase, str]],
        tell: Callable[[StationStatus], object],
        stalled_after_s: float,
    ) -> None:
        self._look, self._phase, self._tell = look, phase, tell
        self._feeding = Feeding(stalled_after_s, stalled_after_s, time.monotonic())
        self._notify_every_s = watchdog_interval_s()
        self._notified_s = 0.0
        self._reason = ""
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._feeding.came(time.monotonic())
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Harmless where it was not started."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            self._beat(time.monotonic())
            if self._is_stopping.wait(_EVERY_S):
                return

    def _beat(self, now_s: float) -> None:
        progress = self._look()
        phase, reason = self._phase()
        self._tell(StationStatus(phase=phase, reason=reason[:500], progress=progress))
        self._feeding.progressed(progress, now_s)
        against = self._feeding.reason_against(now_s)
        if against and against != self._reason:
            _log.error("systemd is not told that all is well: %s", against)
        self._reason = against
        if self._notify_every_s is not None and not against and now_s - self._notified_s >= self._notify_every_s / 2:
            notify("WATCHDOG=1")
            self._notified_s = now_s
