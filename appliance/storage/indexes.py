"""Indexes that make something faster and change nothing: made at each start where they are missing.

Not steps of the layout: what a newer layout may cost the system before, an index does not.
"""

import sqlite3

_INDEXES: tuple[str, ...] = (
    # What waits in the outbox is found without its payloads, which are most of the file after weeks without a broker.
    "outbox_due ON outbox (seq, due_at, state) WHERE state IN ('pending', 'sent')",
    "outbox_unreceipted ON outbox (seq, due_at, state) WHERE state = 'acknowledged'",
    "outbox_by_state ON outbox (state, changed_at)",
    "outbox_errors ON outbox (changed_at) WHERE last_error <> '' AND state IN ('pending', 'sent', 'dead')",
)


def make_indexes(connection: sqlite3.Connection) -> None:
    """Those that are missing; raises sqlite3.Error."""
    for index in _INDEXES:
        connection.execute(f"CREATE INDEX IF NOT EXISTS {index}")
