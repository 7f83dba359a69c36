"""Exams, their images and the outbox."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE exams (
        number INTEGER PRIMARY KEY,
        exam_id TEXT NOT NULL UNIQUE,
        patient_pseudonym TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'discarded')),
        started_at TEXT NOT NULL,
        finished_at TEXT,
        CHECK ((state = 'open') = (finished_at IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_exam ON exams (state) WHERE state = 'open'",
    """CREATE TABLE images (
        number INTEGER PRIMARY KEY,
        image_id TEXT NOT NULL UNIQUE,
        exam_id TEXT NOT NULL REFERENCES exams (exam_id),
        hand TEXT NOT NULL,
        finger TEXT NOT NULL,
        sector TEXT NOT NULL,
        captured_at TEXT NOT NULL,
        file_name TEXT NOT NULL,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        document TEXT NOT NULL,
        is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed IN (0, 1)),
        UNIQUE (exam_id, file_name)
    ) STRICT""",
    # AUTOINCREMENT: its counter is rolled back with the transaction (no gaps), and no number is used twice.
    """CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        msg_id TEXT NOT NULL UNIQUE,
        exam_id TEXT NOT NULL UNIQUE REFERENCES exams (exam_id),
        schema TEXT NOT NULL,
        payload BLOB NOT NULL,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        state TEXT NOT NULL DEFAULT 'pending'
            CHECK (state IN ('pending', 'sent', 'acknowledged', 'receipted', 'dead')),
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        last_error TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX outbox_waiting ON outbox (seq) WHERE state IN ('pending', 'sent')",
)
