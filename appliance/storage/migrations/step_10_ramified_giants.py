"""Whether ramified loops above 50 um count as giants: the site's rule when the exam began; before, they always did."""

STATEMENTS: tuple[str, ...] = (
    """ALTER TABLE exams ADD COLUMN counts_ramified_giants INTEGER NOT NULL DEFAULT 1
       CHECK (counts_ramified_giants IN (0, 1))""",
)
