"""What a box's birth, goodbye or will changes in its row."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, tuple_

from appliance.apps.fleet_server.tables import Whose, box_states

_BOOTS_KEPT = 8
Row = dict[str, Any]
"""Column names of `box_states` to their values."""


def known_states(connection: Connection, names: Sequence[Whose]) -> dict[Whose, Row | None]:
    """The rows of those boxes, held in the order of their names until the transaction ends."""
    of_them = tuple_(box_states.c.site, box_states.c.box).in_(names)
    query = select(box_states).where(of_them).order_by(box_states.c.site, box_states.c.box).with_for_update()
    return {(row["site"], row["box"]): dict(row) for row in connection.execute(query).mappings()}


def next_state(known: Row | None, whose: Whose, state: dict[str, Any], now: str) -> Row | None:
    """The row after a `nailfold.state/1`; the same one where it changes nothing, None where there is none yet.

    A connection's birth counts once: a worker that is behind the others, or that hears a retained birth again, changes
    nothing. A goodbye or will counts if it is of the newest connection. A boot id that comes back after another one,
    with a new connection, is that of a second device under the same name.

    Args:
        now: when it came, as in the table.
    """
    boot_id, conn_seq = state["boot_id"][:64], state["conn_seq"]
    boots: dict[str, int] = {} if known is None else dict(json.loads(known["boots"]))
    twin_at = None if known is None else known["twin_at"]
    if not state["is_online"]:
        if known is None or not known["is_online"] or (known["boot_id"], known["conn_seq"]) != (boot_id, conn_seq):
            return known
    elif boots.get(boot_id, -1) >= conn_seq:
        return known
    else:
        if boot_id in boots and known is not None and known["boot_id"] != boot_id:
            twin_at = now
        boots.pop(boot_id, None)
        boots = {boot_id: conn_seq, **dict(list(boots.items())[: _BOOTS_KEPT - 1])}
    return {
        "site": whose[0],
        "box": whose[1],
        "is_online": state["is_online"],
        "boot_id": boot_id,
        "conn_seq": conn_seq,
        "software": state["software"][:100],
        "state": json.dumps(state),
        "state_at": now,
        "boots": json.dumps(list(boots.items())),
        "twin_at": twin_at,
    }
