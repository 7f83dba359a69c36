"""What waits in the outbox is found without its payloads, which are most of the file after weeks without a broker."""

STATEMENTS: tuple[str, ...] = (
    "DROP INDEX outbox_waiting",
    "CREATE INDEX outbox_waiting ON outbox (seq, due_at, state) WHERE state IN ('pending', 'sent')",
    "CREATE INDEX outbox_unreceipted ON outbox (seq, due_at, state) WHERE state = 'acknowledged'",
    "CREATE INDEX outbox_by_state ON outbox (state, changed_at)",
    """CREATE INDEX outbox_errors ON outbox (changed_at)
       WHERE last_error <> '' AND state IN ('pending', 'sent', 'dead')""",
)
