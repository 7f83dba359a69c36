"""What the ingest answers to a result, and what it asks for again."""

from enum import Enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from appliance.fleet.message import Instant, Message, Uuid7, Version

MOST_SEQS = 100
"""In one request, so that a box which was restored from an old copy is not asked for everything at once."""


class ReceiptOutcome(str, Enum):
    """STORED: it is on the fleet's disk. REFUSED: it never will be in this form, so it is a dead letter of the box."""

    STORED = "stored"
    REFUSED = "refused"


class Receipt(Message):
    """Published after the commit, for a duplicate again; an empty payload of older servers means stored."""

    NAME: ClassVar = "nailfold.receipt/1"
    schema_: Literal["nailfold.receipt/1"] = Field(default="nailfold.receipt/1", alias="schema")
    msg_id: Uuid7
    outcome: Annotated[ReceiptOutcome, Field(strict=False)]
    reason: Annotated[str, Field(max_length=300, description="In the operator's words; empty when stored.")] = ""
    ts: Instant


class Resend(Message):
    """The ingest has later results of this box, but not these."""

    NAME: ClassVar = "nailfold.resend/1"
    schema_: Literal["nailfold.resend/1"] = Field(default="nailfold.resend/1", alias="schema")
    seqs: Annotated[
        tuple[Version, ...],
        Field(min_length=1, max_length=MOST_SEQS, strict=False, description="The box's own numbers, ascending."),
    ]
    ts: Instant


class HostState(Message):
    """Retained birth and will of a server of the fleet."""

    NAME: ClassVar = "nailfold.host/1"
    schema_: Literal["nailfold.host/1"] = Field(default="nailfold.host/1", alias="schema")
    is_online: bool
    software: Annotated[str, Field(min_length=1)]
    ts: Instant
