"""Patients who were erased: their rows stay, for the figures and the journal refer to them."""

STATEMENTS: tuple[str, ...] = ("ALTER TABLE patients ADD COLUMN erased_at TEXT",)
