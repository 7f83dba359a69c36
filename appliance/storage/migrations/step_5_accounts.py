"""Accounts, and sessions that were ended before their time."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE accounts (
        number INTEGER PRIMARY KEY,
        account_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        full_name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('operator', 'physician', 'administrator')),
        is_disabled INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
        password_hash TEXT NOT NULL,
        session_generation INTEGER NOT NULL DEFAULT 0,
        code_expires_at TEXT
    ) STRICT""",
    """CREATE TABLE ended_sessions (
        session_id TEXT PRIMARY KEY,
        until_at TEXT NOT NULL
    ) STRICT""",
)
