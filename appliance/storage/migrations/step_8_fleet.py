"""What the box's agent of the fleet must not forget."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE fleet_notes (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL CHECK (json_valid(document))
    ) STRICT""",
)
