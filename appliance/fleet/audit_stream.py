"""The box's journal on its way to the fleet, without gaps."""

from collections.abc import Sequence

from appliance.domain.box_topics import BoxTopics
from appliance.fleet.audit import AuditHave, audit_of
from appliance.fleet.message import read_message
from appliance.ports import Clock, FleetNotes, Journal, Publication

AHEAD = 50
"""So many entries are told before the fleet has confirmed the first of them."""
PATIENCE_S = 60.0
_NOTE = "audit_have"


class AuditStream:
    """Tells every entry behind the newest that the fleet has confirmed; without a word from it again from there on.

    The fleet's word counts, also where it goes back: a server that was restored from a backup gets what it lacks.
    """

    def __init__(self, topics: BoxTopics, journal: Journal, notes: FleetNotes, clock: Clock) -> None:
        self._topics, self._journal, self._notes, self._clock = topics, journal, notes, clock
        self._have: int | None = None
        self._told = 0
        self._since_s = 0.0

    @property
    def filters(self) -> Sequence[str]:
        return (self._topics.audit_have,)

    def connected(self) -> None:
        self._told = 0

    def due(self) -> Sequence[Publication]:
        if self._have is None:
            self._have = int(self._notes.note(_NOTE) or 0)
        now_s = self._clock.monotonic_s()
        if self._told > self._have and now_s - self._since_s > PATIENCE_S:
            self._told = 0
        begin = max(self._told, self._have)
        end = self._have + AHEAD
        if begin >= end:
            return ()
        entries = self._journal.sealed_entries(end + 1, end - begin)
        new = [entry for entry in entries if entry.seq > begin]
        if new:
            self._told, self._since_s = new[-1].seq, now_s
        return [Publication(self._topics.audit(entry.seq), audit_of(entry).payload()) for entry in new]

    def received(self, topic: str, payload: bytes) -> bool:
        if topic != self._topics.audit_have:
            return False
        have = read_message(AuditHave, payload).seq
        known = int(self._notes.note(_NOTE) or 0) if self._have is None else self._have
        if have != known:
            self._notes.keep_note(_NOTE, have)
        # Said twice, what came after it was lost on its way.
        self._told = self._told if have > known else 0
        self._have, self._since_s = have, self._clock.monotonic_s()
        return True
