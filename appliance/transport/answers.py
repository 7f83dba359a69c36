"""What the broker's answer to a publication means for the message."""

from dataclasses import dataclass
from enum import Enum

# MQTT 5.0, table 2-6 and section 3.4.2.1.
NO_MATCHING_SUBSCRIBERS = 0x10
FIRST_FAILURE = 0x80
NOT_AUTHORISED = 0x87
PACKET_TOO_LARGE = 0x95


class PublishOutcome(Enum):
    """ACCEPTED: the broker has it. RETRY: later. REFUSED: never in this form, so a dead letter."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True)
class Answer:
    """A verdict with its reason in the operator's words; empty when accepted."""

    verdict: PublishOutcome
    reason: str = ""


# What the operator of the broker can mend is tried again by itself: his mistake must not withhold a result for ever.
_KNOWN = {
    0x80: Answer(PublishOutcome.RETRY, "the broker refused without saying why"),
    0x83: Answer(PublishOutcome.RETRY, "the broker cannot take the result now"),
    NOT_AUTHORISED: Answer(PublishOutcome.RETRY, "this box may not publish results; ask who runs the broker"),
    # ejabberd says so where its rules forbid the topic; the names in ours are checked before.
    0x90: Answer(PublishOutcome.RETRY, "the broker refused the topic; ask who runs it for its rules of this box"),
    0x91: Answer(PublishOutcome.RETRY, "the broker still had another message under this number"),
    PACKET_TOO_LARGE: Answer(PublishOutcome.RETRY, "the result is larger than the broker accepts; raise its limit"),
    0x97: Answer(PublishOutcome.RETRY, "the broker's quota for this box is used up"),
    0x99: Answer(PublishOutcome.REFUSED, "the broker refused the result's format"),
}


def answer_of(reason_code: int, needs_subscriber: bool) -> Answer:
    """The meaning of a PUBACK's reason code. An unknown failure is retried: never lost, and visible."""
    if reason_code == NO_MATCHING_SUBSCRIBERS and needs_subscriber:
        return Answer(PublishOutcome.RETRY, "nobody is receiving results at the broker")
    if reason_code < FIRST_FAILURE:
        return Answer(PublishOutcome.ACCEPTED)
    return _KNOWN.get(
        reason_code, Answer(PublishOutcome.RETRY, f"the broker refused with reason code 0x{reason_code:02x}")
    )
