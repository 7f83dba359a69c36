"""Entries of a box's journal on their way to the fleet."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, TypeAdapter

from appliance.domain.instant import to_rfc3339
from appliance.domain.journal import JournalEntry
from appliance.fleet.message import Message, Sha256, Version

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
