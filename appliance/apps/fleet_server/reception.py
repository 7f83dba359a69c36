"""Whether what came in on a results topic can be kept."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from appliance import schemas
from appliance.apps.fleet_server.quick_json import quick_keepable_loads
from appliance.domain.box_topics import BoxTopics, place_of
from appliance.fleet.receipts import Receipt, ReceiptOutcome

READABLE = {"nailfold.exam/1": "nailfold.exam-1"}
"""The versions of the result that are read, to their schema files; none is ever taken out."""

_NUMBER = re.compile("[1-9][0-9]{0,14}")
"""Of a box's message: as far as every reader of JSON can count, and every database."""


@dataclass(frozen=True)
class Arrival:
    """A publication as the broker handed it over.

    Attributes:
        properties: the user properties `msg_id`, `schema`, `seq`, `sha256`.
    """

    topic: str
    payload: bytes
    properties: Mapping[str, str]


@dataclass(frozen=True)
class ReceivedResult:
    """An arrival that is what it says it is."""

    site: str
    box: str
    seq: int
    sha256: str
    payload: bytes
    document: Mapping[str, Any]

    @property
    def msg_id(self) -> str:
        return str(self.document["msg_id"])


@dataclass(frozen=True)
class RefusedResult:
    """It will never be kept in this form.

    Attributes:
        receipt_topic: where the refusal goes; None where no box can be named.
    """

    topic: str
    receipt_topic: str | None
    msg_id: str
    reason: str

    def receipt(self, ts: str) -> Receipt | None:
        """For the box; None where the topic names no message that a box could have."""
        try:
            return Receipt(msg_id=self.msg_id, outcome=ReceiptOutcome.REFUSED, reason=self.reason, ts=ts)
        except ValidationError:
            return None


@dataclass(frozen=True)
class UnknownVersion:
    """Of a version that this server does not know: neither kept nor refused, so the box holds it until it is."""

    topic: str
    schema: str


def receive(arrival: Arrival) -> ReceivedResult | RefusedResult | UnknownVersion:
    """What to do with an arrival on a results topic.

    The broker's rules bind the topic to the box's certificate; the message must name the same box.
    """
    schema = arrival.properties.get("schema", "")
    if schema not in READABLE and schema.startswith("nailfold.exam/"):
        return UnknownVersion(arrival.topic, schema)
    place = place_of(arrival.topic)
    msg_id = arrival.topic.rpartition("/")[2]
    if place is None:
        return refused_of(arrival.topic, "the topic is no box's")
    reason, document, seq = _read(arrival, schema)
    if not reason and document.get("msg_id") != msg_id:
        reason = "the message has another id than its topic"
    if not reason and (document["site"], document["box"]) != (place.site, place.box):
        reason = f"the message is of {document['site']}/{document['box']}, the topic of {place.site}/{place.box}"
    if reason:
        return refused_of(arrival.topic, reason)
    return ReceivedResult(place.site, place.box, seq, arrival.properties["sha256"], arrival.payload, document)


def refused_of(topic: str, reason: str) -> RefusedResult:
    """What came on that topic, refused."""
    place, msg_id = place_of(topic), topic.rpartition("/")[2]
    receipt_topic = None if place is None else BoxTopics(place.site, place.box).receipt(msg_id)
    return RefusedResult(topic, receipt_topic, msg_id, reason[:300])


def _read(arrival: Arrival, schema: str) -> tuple[str, dict[str, Any], int]:
    """(why it cannot be read, document, number); the first is empty when it can."""
    if schema not in READABLE:
        return f"the property schema is {schema!r}", {}, 0
    digest = hashlib.sha256(arrival.payload).hexdigest()
    if arrival.properties.get("sha256") != digest:
        return "the payload does not have the digest that the box gave", {}, 0
    number = arrival.properties.get("seq", "")
    if not _NUMBER.fullmatch(number):
        return f"the property seq is {number[:40]!r}", {}, 0
    try:
        document = quick_keepable_loads(arrival.payload)
        schemas.validate(READABLE[schema], document)
    except schemas.SchemaError as error:
        return f"not {schema} at {error.json_path}: {error.message[:150]}", {}, 0
    except ValueError as error:
        return f"the payload is no JSON that can be kept: {str(error)[:150]}", {}, 0
    return "", document, int(number)
