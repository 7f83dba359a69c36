"""Birth and will: whether the box is there, and what runs on it."""

import json
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.instant import to_rfc3339

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

    def payload(self, is_online: bool, now_utc: datetime) -> bytes:
        """UTF-8 JSON of `nailfold.state/1`; `ts` of a will is when the connection was made."""
        document = {
            "schema": SCHEMA,
            "is_online": is_online,
            "boot_id": self.boot_id,
            "conn_seq": self.conn_seq,
            "software": self.identity.software_version,
            "runtime": self.identity.runtime,
            "engines": dict(self.identity.engines),
            "ts": to_rfc3339(now_utc),
        }
        return json.dumps(document, separators=(",", ":")).encode()
