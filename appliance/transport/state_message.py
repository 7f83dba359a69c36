"""Birth and will: whether the box is there, and what runs on it."""

import json
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.instant import to_rfc3339
from appliance.domain.journal import FIRST_LINK, JournalState

SCHEMA = "nailfold.state/1"


@dataclass(frozen=True)
class BoxState:
    """One connection of one start of the station.

    Attributes:
        boot_id: new with every start of the station.
        conn_seq: counts its connections. A will holds only if boot_id and conn_seq are those of the newest birth.
    """

    boot_id: str
    conn_seq: int
    identity: EngineIdentity

    def payload(self, is_online: bool, now_utc: datetime, journal: JournalState) -> bytes:
        """UTF-8 JSON of `nailfold.state/1`; `ts` and journal of a will are those of when the connection was made."""
        head = journal.head
        document = {
            "schema": SCHEMA,
            "is_online": is_online,
            "boot_id": self.boot_id,
            "conn_seq": self.conn_seq,
            "software": self.identity.software_version,
            "runtime": self.identity.runtime,
            "engines": dict(self.identity.engines),
            "journal": {
                "seq": 0 if head is None else head.seq,
                "hash": FIRST_LINK if head is None else head.hash,
                "alarms": journal.alarms,
            },
            "ts": to_rfc3339(now_utc),
        }
        return json.dumps(document, separators=(",", ":")).encode()
