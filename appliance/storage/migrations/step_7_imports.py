"""Which exams were not captured on this box, and where they came from."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE imported_exams (
        exam_id TEXT NOT NULL PRIMARY KEY REFERENCES exams (exam_id),
        origin TEXT NOT NULL CHECK (origin <> ''),
        imported_at TEXT NOT NULL
    ) STRICT""",
)
