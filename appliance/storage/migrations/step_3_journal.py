"""The journal, which the database itself keeps append-only, and an outbox that takes corrected exams."""

from appliance.domain.journal import FIRST_LINK

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        actor TEXT NOT NULL CHECK (actor <> ''),
        subject TEXT NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT""",
    "CREATE INDEX journal_of_subject ON journal (subject, seq)",
    """CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    # INSERT OR REPLACE deletes a row without the trigger above: nothing but the next number may come in.
    f"""CREATE TRIGGER journal_next_only BEFORE INSERT ON journal
       WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM journal)
         OR NEW.previous_hash <> coalesce((SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), '{FIRST_LINK}')
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    # An exam that is corrected after it was published has one message a revision: exam_id is no longer unique.
    """CREATE TABLE outbox_of_revisions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        msg_id TEXT NOT NULL UNIQUE,
        exam_id TEXT NOT NULL REFERENCES exams (exam_id),
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
    """INSERT INTO outbox_of_revisions
       SELECT seq, msg_id, exam_id, schema, payload, sha256, state, attempts, due_at, changed_at, last_error
       FROM outbox""",
    "DROP TABLE outbox",
    "ALTER TABLE outbox_of_revisions RENAME TO outbox",
    "CREATE INDEX outbox_waiting ON outbox (seq) WHERE state IN ('pending', 'sent')",
    "CREATE INDEX outbox_of_exam ON outbox (exam_id, seq)",
)
