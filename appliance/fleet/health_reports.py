"""Telemetry and alerts on their way out."""

from collections.abc import Callable, Sequence

from appliance.domain.box_topics import BoxTopics
from appliance.domain.instant import to_rfc3339
from appliance.fleet.alerts import Alert, Alerts, AlertWatch
from appliance.fleet.telemetry import Telemetry
from appliance.ports import Clock, Publication

EXPIRES_AFTER_INTERVALS = 3


class HealthReports:
    """A telemetry every `interval_s`, and the alerts whenever they change; also while nothing can leave.

    Args:
        read: the box as it is now; must not wait.
    """

    def __init__(
        self, topics: BoxTopics, read: Callable[[], Telemetry], interval_s: float, clock: Clock, watch: AlertWatch
    ) -> None:
        self._topics, self._read, self._interval_s, self._clock, self._watch = topics, read, interval_s, clock, watch
        self._next_s = clock.monotonic_s()
        self._told: tuple[Alert, ...] | None = None

    @property
    def filters(self) -> Sequence[str]:
        return ()

    def connected(self) -> None:
        """The broker may have forgotten what was retained."""
        self._told = None
        self._next_s = self._clock.monotonic_s()

    def due(self) -> Sequence[Publication]:
        now_s = self._clock.monotonic_s()
        if now_s < self._next_s:
            return ()
        self._next_s = now_s + self._interval_s
        telemetry = self._read()
        expiry_s = max(1, round(EXPIRES_AFTER_INTERVALS * self._interval_s))
        found = [Publication(self._topics.telemetry, telemetry.payload(), expiry_s=expiry_s)]
        alerts = self._watch.step(telemetry, now_s)
        if self._told is None or [(one.code, one.since) for one in alerts] != [
            (one.code, one.since) for one in self._told
        ]:
            self._told = alerts
            message = Alerts(boot_id=telemetry.boot_id, alerts=alerts, ts=to_rfc3339(self._clock.now_utc()))
            found.append(Publication(self._topics.alerts, message.payload(), is_retained=True))
        return found

    def received(self, topic: str, payload: bytes) -> bool:
        return False
