"""Whether examined thumbs count in the exam's figures: they did in every exam from before, in a new one they do not."""

STATEMENTS: tuple[str, ...] = (
    """ALTER TABLE exams ADD COLUMN counts_thumbs INTEGER NOT NULL DEFAULT 1
       CHECK (counts_thumbs IN (0, 1))""",
)
