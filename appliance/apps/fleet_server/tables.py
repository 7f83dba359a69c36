"""The tables of the fleet's database, for SQLite and PostgreSQL alike."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
)

LAYOUT = 9
"""Counts up with every change of a table."""

metadata = MetaData()
_TIME = String(27)  # RFC 3339 in UTC with microseconds at a fixed width, so that text compares like time

Whose = tuple[str, str]
"""Site and box."""


def of_box(table: Table, whose: Whose) -> ColumnElement[bool]:
    """The rows of one box."""
    return and_(table.c.site == whose[0], table.c.box == whose[1])


layout = Table("layout", metadata, Column("version", Integer, primary_key=True))

# Makes the name of the workers' shared subscription one that nobody guesses.
shared_secret = Table("shared_secret", metadata, Column("secret", String(32), primary_key=True))

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

# Numbers that cannot be, which a person has looked into: they are no alert any more.
accepted_numbers = Table(
    "accepted_numbers",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("by", String(100), nullable=False),
)

# What people call a site, and where it is; nobody but them says so.
sites = Table(
    "sites",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("title", String(100), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("set_at", _TIME, nullable=False),
    Column("set_by", String(100), nullable=False),
)

# How each box is: the newest of each kind of message, as its JSON text.
box_states = Table(
    "box_states",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("is_online", Boolean, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("conn_seq", BigInteger, nullable=False),
    Column("software", String(100), nullable=False),
    Column("state", Text, nullable=False),
    Column("state_at", _TIME, nullable=False),  # by the server's clock, as every `..._at` here
    Column("boots", Text, nullable=False),  # JSON: [boot id, newest connection] of the last ones, newest first
    Column("twin_at", _TIME),
)

box_reports = Table(
    "box_reports",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),  # "telemetry", "alerts", "shadow"
    Column("document", Text, nullable=False),
    Column("heard_at", _TIME, nullable=False),
)

telemetry = Table(
    "telemetry",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("ts", String(24), primary_key=True),
    Column("document", Text, nullable=False),
    Index("telemetry_by_time", "ts"),
)


def _of_an_entry() -> tuple[Column[Any], ...]:
    """An entry of a box's journal as the fleet keeps it; a column belongs to one table, so they are made anew."""
    return (
        Column("seq", BigInteger, primary_key=True),
        Column("document", Text, nullable=False),
        Column("hash", String(64), nullable=False),
        Column("heard_at", _TIME, nullable=False),
    )


audit = Table(
    "audit",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    *_of_an_entry(),
)

# Of every box: its journal is here without a gap, and as it was sealed, up to `seq`; `problem` says what came after.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("problem", String(300), nullable=False),
)

# Entries of a journal that another took the place of, with a person's word: what the fleet had until then.
audit_aside = Table(
    "audit_aside",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("accepted_at", _TIME, primary_key=True),
    *_of_an_entry(),
)

audit_acceptances = Table(
    "audit_acceptances",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("at", _TIME, primary_key=True),
    Column("by", String(100), nullable=False),
    Column("because", String(300), nullable=False),
    Column("problem", String(300), nullable=False),
)

desired = Table(
    "desired",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("settings", Text, nullable=False),
    Column("set_at", _TIME, nullable=False),
    Column("set_by", String(100), nullable=False),
    Column("is_told", Boolean, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("version", BigInteger, nullable=False),  # of the job itself
    Column("signed", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_version", BigInteger, nullable=False),  # the box's own count
    Column("step", String(64)),
    Column("reason", String(300), nullable=False),
    Column("detail", Text),
    Column("made_at", _TIME, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("changed_at", _TIME, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Index("jobs_by_box", "site", "box", "state"),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("rollout_id", String(36), primary_key=True),
    Column("bundle", String(64), nullable=False),
    Column("threshold", Float, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("made_at", _TIME, nullable=False),
    Column("made_by", String(100), nullable=False),
)

# Which box gets a rollout's bundle in which group; `job_id` is empty until its turn.
rollout_boxes = Table(
    "rollout_boxes",
    metadata,
    Column("rollout_id", String(36), primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("job_id", String(64), nullable=False),
)

# Boxes whose word no longer counts, whatever the broker lets in.
barred = Table(
    "barred",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("by", String(100), nullable=False),
)

# Counts of each result for the watch over its networks; one row a message and set of networks.
model_figures = Table(
    "model_figures",
    metadata,
    Column("msg_id", String(36), primary_key=True),
    Column("engines", String(400), primary_key=True),
    Column("site", String(64), nullable=False),
    Column("box", String(64), nullable=False),
    Column("exam_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("finished_at", String(24), nullable=False),
    Column("counts", Text, nullable=False),  # JSON: figure to bin to count
    Column("stored_at", _TIME, nullable=False),
    Index("model_figures_by_box", "site", "box", "finished_at"),
    Index("model_figures_by_time", "stored_at"),
)

# From when on the exams of a box count as its reference; without a row from its first with its networks.
model_references = Table(
    "model_references",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("since", String(24), nullable=False),
    Column("set_at", _TIME, nullable=False),
    Column("set_by", String(100), nullable=False),
)

# What the last look at a box's networks said.
model_drifts = Table(
    "model_drifts",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("box", String(64), primary_key=True),
    Column("figure", String(32), primary_key=True),
    Column("engines", String(400), nullable=False),
    Column("stability_index", Float, nullable=False),
    Column("chance", Float, nullable=False),
    Column("is_raised", Boolean, nullable=False),
    Column("since", _TIME, nullable=False),  # of the last change of is_raised
)

refusals = Table(
    "refusals",
    metadata,
    Column("topic", String(300), primary_key=True),
    Column("reason", String(300), nullable=False),
    Column("at", _TIME, nullable=False),
)
