"""Entries of a box's journal on their way to the fleet."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, TypeAdapter

from appliance.domain.instant import from_rfc3339, to_rfc3339
from appliance.domain.journal import JournalEntry
from appliance.fleet.message import Count, Instant, Message, Sha256, Version

_DETAIL: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class Audit(Message):
    """One entry, with the seals by which a receiver finds a missing or changed one."""

    NAME: ClassVar = "nailfold.audit/1"
    schema_: Literal["nailfold.audit/1"] = Field(default="nailfold.audit/1", alias="schema")
    seq: Version
    at: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$", description="UTC")]
    actor: str
    subject: str
    action: str
    detail: Mapping[str, JsonValue]
    previous_hash: Sha256
    hash: Sha256


class AuditHave(Message):
    """Down, after the commit: the fleet has the journal without a gap up to this number."""

    NAME: ClassVar = "nailfold.audit-have/1"
    schema_: Literal["nailfold.audit-have/1"] = Field(default="nailfold.audit-have/1", alias="schema")
    seq: Count
    ts: Instant


def entry_of(audit: Audit) -> JournalEntry:
    """The entry of a message; the reverse of `audit_of`."""
    at_utc = from_rfc3339(audit.at)
    return JournalEntry(
        audit.seq, at_utc, audit.actor, audit.subject, audit.action, audit.detail, audit.previous_hash, audit.hash
    )


def audit_of(entry: JournalEntry) -> Audit:
    """The message of one entry; its hash can be made again from the message alone."""
    return Audit(
        seq=entry.seq,
        at=to_rfc3339(entry.at_utc, "microseconds"),
        actor=entry.actor,
        subject=entry.subject,
        action=entry.action,
        detail=_DETAIL.validate_python(dict(entry.detail)),
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )
