"""The tables of the fleet's database, for SQLite and PostgreSQL alike."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

LAYOUT = 1
"""Counts up with every change of a table."""

metadata = MetaData()
_TIME = String(27)  # RFC 3339 in UTC with microseconds at a fixed width, so that text compares like time

layout = Table("layout", metadata, Column("version", Integer, primary_key=True))

results = Table(
    "results",
    metadata,
    Column("msg_id", String(36), primary_key=True),
    Column("site", String(64), nullable=False),
    Column("box", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("schema", String(64), nullable=False),
    Column("exam_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),  # 0: of the finished exam, before any validation
    Column("patient_pseudonym", String(64), nullable=False),
    Column("started_at", String(24), nullable=False),
    Column("finished_at", String(24), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # as it came: its digest is the box's own
    Column("stored_at", _TIME, nullable=False),
    Index("results_by_box", "site", "box", "seq"),
    Index("results_by_exam", "exam_id", "revision"),
)

# What an exam was measured with: kind "engine" (name is its role), "calibration" or "software" (name is empty).
origins = Table(
    "origins",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("msg_id", String(36), primary_key=True),
    Column("name", String(64), primary_key=True),
)

# Of every box: each number up to `looked_seq` is stored or stands in `gaps`.
boxes = Table(
    "boxes",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("looked_seq", BigInteger, nullable=False),
    Column("highest_seq", BigInteger, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("seen_at", _TIME, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("ask_at", _TIME, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("topic", String(300), primary_key=True),
    Column("reason", String(300), nullable=False),
    Column("at", _TIME, nullable=False),
)
