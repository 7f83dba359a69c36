"""What the fleet wants of a box's settings against what is in force."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from appliance.domain.box_topics import BoxTopics
from appliance.domain.instant import to_rfc3339
from appliance.fleet.message import read_message
from appliance.fleet.shadow import ShadowDesired, ShadowReported
from appliance.ports import Clock, FleetNotes, Publication, RemoteSettings

_NOTE = "shadow"


class ShadowKeeper:
    """Considers each desired version once, keeps what it allows for the next start, and reports.

    Args:
        settings: what may be set from afar, and where it is kept.
    """

    def __init__(self, topics: BoxTopics, settings: RemoteSettings, notes: FleetNotes, clock: Clock) -> None:
        self._topics, self._settings, self._notes, self._clock = topics, settings, notes, clock
        self._must_report = True

    @property
    def filters(self) -> Sequence[str]:
        return (self._topics.shadow_desired,)

    def connected(self) -> None:
        self._must_report = True

    def due(self) -> Sequence[Publication]:
        if not self._must_report:
            return ()
        kept = self._kept()
        in_force = self._settings.in_force(kept["settings"])
        refused = dict(kept["refused"])
        for key, value in kept["settings"].items():
            if key not in refused and in_force.get(key) != value:
                refused[key] = "in force after the next restart"
        content = {"desired_version": kept["desired_version"], "settings": dict(in_force), "refused": refused}
        if content != kept.get("reported"):
            kept = {**kept, "reported": content, "version": kept["version"] + 1}
            self._notes.keep_note(_NOTE, kept)
        self._must_report = False
        message = ShadowReported(version=max(1, kept["version"]), ts=to_rfc3339(self._clock.now_utc()), **content)
        return [Publication(self._topics.shadow_reported, message.payload(), is_retained=True)]

    def received(self, topic: str, payload: bytes) -> bool:
        if topic != self._topics.shadow_desired:
            return False
        if not payload:  # the fleet wants nothing any more
            return True
        desired = read_message(ShadowDesired, payload)
        kept = self._kept()
        if desired.version > kept["desired_version"]:
            self._consider(desired.settings, desired.version)
        return True

    def consider_job(self, settings: Mapping[str, JsonValue]) -> Mapping[str, str]:
        """Add to what is kept, as far as it is allowed; key to reason of what is not. Raises StoreError.

        The next desired version replaces it.
        """
        kept = self._kept()
        refused = self._consider({**kept["settings"], **settings}, kept["desired_version"])
        return {key: reason for key, reason in refused.items() if key in settings}

    def _consider(self, settings: Mapping[str, JsonValue], version: int) -> Mapping[str, str]:
        refused = self._settings.keep(settings)
        kept = {**self._kept(), "desired_version": version, "settings": dict(settings), "refused": dict(refused)}
        self._notes.keep_note(_NOTE, kept)
        self._must_report = True
        return refused

    def _kept(self) -> dict[str, Any]:
        return self._notes.note(_NOTE) or {"version": 0, "desired_version": 0, "settings": {}, "refused": {}}
