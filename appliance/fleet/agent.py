"""The box's side of the fleet, over the connection that brings its results."""

import logging
from collections.abc import Sequence
from typing import Protocol

from appliance.domain.errors import StoreError
from appliance.ports import Publication

_log = logging.getLogger(__name__)


class AgentPart(Protocol):
    """One subject of the conversation: telemetry, settings, journal, jobs. As `FleetAgent`, for its own topics."""

    @property
    def filters(self) -> Sequence[str]:
        """Topics to listen on."""

    def connected(self) -> None:
        """A new connection."""

    def due(self) -> Sequence[Publication]:
        """What is to be published now. Raises StoreError."""

    def received(self, topic: str, payload: bytes) -> bool:
        """Whether the topic was its own. Raises ExportError and StoreError."""


class CompositeAgent:
    """The FleetAgent of the device; a part whose store fails is passed over, and the others go on."""

    def __init__(self, parts: Sequence[AgentPart]) -> None:
        self._parts = tuple(parts)

    @property
    def filters(self) -> tuple[str, ...]:
        return tuple(topic for part in self._parts for topic in part.filters)

    def connected(self) -> None:
        for part in self._parts:
            part.connected()

    def due(self) -> tuple[Publication, ...]:
        found: list[Publication] = []
        for part in self._parts:
            try:
                found.extend(part.due())
            except StoreError as error:
                _log.warning("nothing is told to the fleet: %s", error)
        return tuple(found)

    def received(self, topic: str, payload: bytes) -> None:
        for part in self._parts:
            if part.received(topic, payload):
                return
