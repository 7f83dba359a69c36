"""Another device under this box's name: seen by its own boot id in this box's state."""

import logging
from collections.abc import Callable
from datetime import datetime

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.instant import from_rfc3339

_log = logging.getLogger(__name__)
# Two boxes under one name push one another off, each after its wait between attempts of at most a minute.
_FORGET_AFTER_S = 600.0


class TwinWatch:
    """Tells a twin from this box's own past. Used from the publisher's thread alone.

    What an earlier start of this box left is no twin: its state was retained before the first birth of this start, also
    where a broker that was killed comes back with an old copy of its memory.

    Args:
        name: of this box, for the operator: "clinic-1/box-7".
    """

    def __init__(self, name: str, boot_id: str, monotonic_s: Callable[[], float]) -> None:
        self._name, self._boot_id, self._monotonic_s = name, boot_id, monotonic_s
        self._born_at_utc: datetime | None = None
        self._twin: str | None = None
        self._heard_at_s = 0.0

    def born(self, now_utc: datetime) -> None:
        """The broker has this box's birth; the first counts."""
        self._born_at_utc = self._born_at_utc or now_utc

    def heard(self, state: bytes, is_retained: bool) -> None:
        """A state came on this box's own topic."""
        try:
            document = bounded_loads(state)
            boot_id, is_online = str(document["boot_id"]), bool(document["is_online"])
            at_utc = from_rfc3339(str(document["ts"]))
        except (ValueError, KeyError, TypeError):
            return  # retained by something that is no box; the next birth replaces it
        is_older = is_retained and (self._born_at_utc is None or at_utc <= self._born_at_utc)
        # A will is sent late, and may be that of an earlier start.
        if boot_id == self._boot_id or not is_online or is_older:
            return
        if self._twin != boot_id:
            _log.error("another device runs as %s (boot id %s)", self._name, boot_id)
        self._twin, self._heard_at_s = boot_id, self._monotonic_s()

    @property
    def reason(self) -> str:
        """For the operator, for ten minutes after the twin was last heard; empty without one."""
        if self._twin is None or self._monotonic_s() - self._heard_at_s > _FORGET_AFTER_S:
            return ""
        return (
            f"another device runs under the name {self._name} (boot id {self._twin}); "
            "give one of them another mqtt.site or mqtt.box"
        )
