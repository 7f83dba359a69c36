"""Results as boxes publish them, without a box."""

import hashlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import uuid_utils

from appliance.apps.fleet_server.reception import Arrival, ReceivedResult, receive

_RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "fleet_messages" / "nailfold.exam-1.json").read_text("utf-8")
)

FIGURES = {
    "density_per_mm": {"value": 7.1, "uncertainty": 0.9},
    "mean_apical_um": {"value": 16.4, "uncertainty": 1.2},
}
"""As boxes send them since they send any; the recorded message is older."""


def arrival(seq: int = 1, *, site: str = "clinic-1", box: str = "box-7", **changes: Any) -> Arrival:
    """A new result of that box; `changes` are members of its document."""
    document = deepcopy(_RECORDED)
    document["figures"] = deepcopy(FIGURES)
    document.update(site=site, box=box, msg_id=str(uuid_utils.uuid7()), exam_id=str(uuid_utils.uuid7()))
    document.update(changes)
    payload = json.dumps(document).encode()
    return Arrival(
        f"nailfold/v1/{site}/{box}/results/{document['msg_id']}",
        payload,
        {
            "msg_id": document["msg_id"],
            "schema": document["schema"],
            "seq": str(seq),
            "sha256": hashlib.sha256(payload).hexdigest(),
        },
    )


def result(seq: int = 1, **changes: Any) -> ReceivedResult:
    """The same, judged good."""
    judged = receive(arrival(seq, **changes))
    assert isinstance(judged, ReceivedResult), judged
    return judged
